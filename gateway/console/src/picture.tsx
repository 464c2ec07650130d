import { render } from 'preact-render-to-string';
import { Shell } from './app.tsx';
import { homePaths, sessionPath } from './asking/first.ts';
import type { Session } from './asking/session.ts';
import { Known } from './asking/use-ask.ts';

/** What the picture is drawn from: who asks, and then what home is made of. */
export const pathOfSession = sessionPath;
export const pathsOfHome: readonly string[] = Object.values(homePaths);

/**
 * Home as it is now, as HTML, drawn by the gateway: a browser shows it before any code of the page has come. `answers` are those of the API, by path.
 */
export function draw(answers: ReadonlyMap<string, unknown>): string {
  return render(
    <Known.Provider value={answers}>
      <Shell way={['home']} who={answers.get(sessionPath) as Session} />
    </Known.Provider>,
  );
}
