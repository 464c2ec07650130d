import type { Violation } from '../asking/types.ts';

/** What to do, what was found, and where: in the contract and in the code. */
export function Violations({ of }: { of: readonly Violation[] }) {
  return (
    <ul class="list">
      {of.map(({ code, remedy, sentence, path, contractLine, file, line, confidence }, at) => (
        <li key={at}>
          <p>
            <strong>{remedy}</strong>
          </p>
          <p>{sentence}</p>
          <p class="soft">
            <code>{code}</code>
            {path && (
              <>
                {' '}
                · contract <code>{path}</code>
                {contractLine !== undefined && `, line ${contractLine}`}
              </>
            )}
            {file !== undefined && (
              <>
                {' '}
                · <code>{[file, line].filter((part) => part !== undefined).join(':')}</code>
              </>
            )}
            {confidence === 'heuristic' && ' · a suspicion, not a proof'}
          </p>
        </li>
      ))}
    </ul>
  );
}
