import { execFile, type ExecFileException } from 'node:child_process';
import { access, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The newest release whose jars are complete in Maven Central. */
export const kafkaVersion = '4.3.1';

const installMs = 600_000;

interface Ran {
  readonly ok: boolean;
  readonly said: string;
}

/** Runs a program to its end; a missing program is an answer like any other. */
export function run(
  command: string,
  args: readonly string[],
  timeoutMs: number,
  variables: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  return new Promise((resolve) => {
    const env = { ...process.env, ...variables };
    execFile(command, args, { timeout: timeoutMs, env }, (error: ExecFileException | null, stdout, stderr) => {
      resolve({ ok: error === null, said: `${stdout}\n${stderr}\n${error?.message ?? ''}`.trim() });
    });
  });
}

/** Whether a Java is there that Kafka 4 runs on (17 and newer). */
export async function hasJava(): Promise<boolean> {
  const { ok, said } = await run('java', ['-version'], 20_000);
  return ok && Number(/version "(\d+)/.exec(said)?.[1] ?? 0) >= 17;
}

export const hasMaven = async (): Promise<boolean> => (await run('mvn', ['-v'], 60_000)).ok;

/** Where the jars are kept between runs. */
export function jarFolder(cache = join(homedir(), '.cache', 'portcullis')): string {
  return join(cache, `kafka-${kafkaVersion}`);
}

export async function isInstalled(folder: string): Promise<boolean> {
  return access(join(folder, `kafka_2.13-${kafkaVersion}.jar`)).then(
    () => true,
    () => false,
  );
}

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>portcullis</groupId><artifactId>kafka-for-tests</artifactId><version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${kafkaVersion}</version>
    </dependency>
    <dependency>
      <groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>2.25.4</version>
    </dependency>
  </dependencies>
</project>
`;

/**
 * Fetches Kafka and everything it needs from Maven Central into `folder`, complete or not at all. Two that install at
 * the same time do no harm: the first to finish wins. Throws an Error with Maven's own words.
 */
export async function install(folder: string): Promise<void> {
  await mkdir(join(folder, '..'), { recursive: true });
  const work = await mkdtemp(`${folder}-`);
  try {
    const project = join(work, 'pom.xml');
    const jars = join(work, 'jars');
    await writeFile(project, pom);
    const args = ['-B', '-q', '-f', project, 'dependency:copy-dependencies', '-DincludeScope=runtime'];
    const { ok, said } = await run('mvn', [...args, `-DoutputDirectory=${jars}`], installMs);
    if (!ok) throw new Error(`Maven could not fetch Kafka ${kafkaVersion}. It said:\n${said.slice(0, 2_000)}`);
    await rename(jars, folder).catch(async (error: unknown) => {
      if (!(await isInstalled(folder))) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
