/** Whether Temporal answers. The worker's polls are its native part's, which tells nobody how they end. */

export interface Pulse {
  /** When it answered last; null: never yet. */
  answeredAt(): Date | null;
  stop(): void;
}

/** Asks at once and at an interval, one question at a time; a question that fails is no answer. */
export function takePulse(ask: () => Promise<unknown>, intervalMs = 5000): Pulse {
  let answeredAt: Date | null = null;
  let isAsking = false;
  const beat = async (): Promise<void> => {
    if (isAsking) return;
    isAsking = true;
    try {
      await ask();
      answeredAt = new Date();
    } catch {
      // the time of the last answer tells it
    } finally {
      isAsking = false;
    }
  };
  void beat();
  const timer = setInterval(beat, intervalMs);
  return { answeredAt: () => answeredAt, stop: () => clearInterval(timer) };
}
