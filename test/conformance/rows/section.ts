// A section of the table: its title, and its rows with what each demands, in few words.

export type Section = {
  readonly title: string;
  readonly rows: Readonly<Record<string, string>>;
};
