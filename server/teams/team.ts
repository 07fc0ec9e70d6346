// A team and its people, as the parts of the program know them.

export type Team = {
  readonly id: string;
  readonly name: string;
  /** Undefined is the default plan of the configuration. */
  readonly plan: string | undefined;
  readonly createdAt: number;
  readonly updatedAt: number;
};

/** A team, and the role of one person in it. */
export type TeamOfPerson = Team & { readonly role: string };

export type Member = {
  readonly accountId: string;
  readonly name: string;
  readonly email: string;
  readonly role: string;
  readonly since: number;
};
