// Work that is done again and again beside the requests: one run at a time, until the process stops.
export function createRepeating({
  everyMilliseconds,
  run,
  onFault,
}: {
  everyMilliseconds: number;
  run: () => Promise<unknown>;
  onFault: (error: unknown) => void;
}) {
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<unknown> = Promise.resolve();
  let isStopped = false;

  function schedule(): void {
    timer = setTimeout(() => {
      running = run()
        .catch(onFault)
        .finally(() => {
          if (!isStopped) schedule();
        });
    }, everyMilliseconds).unref();
  }

  return {
    start: schedule,

    /** For a run of many steps, which asks between two of them. */
    isStopped: () => isStopped,

    /** Lets a run that has begun come to its end. */
    async stop(): Promise<void> {
      isStopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
