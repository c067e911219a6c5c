/**
 * kill -9 of the one simulator that serves a session. KILL_COMMAND (a shell command, `{session}` replaced) where it
 * is given; else the process id comes from the zygote of the installation that TRADESIM_VAR names.
 */
import { execSync } from 'node:child_process';
import { connect } from 'node:net';
import { join } from 'node:path';

export function canKill(): boolean {
  return process.env.KILL_COMMAND !== undefined || process.env.TRADESIM_VAR !== undefined;
}

export async function killSimulator(sessionId: string): Promise<void> {
  const command = process.env.KILL_COMMAND;
  if (command !== undefined) {
    execSync(command.replaceAll('{session}', sessionId), { stdio: 'inherit' });
    return;
  }
  const runs = await listRuns(join(process.env.TRADESIM_VAR ?? '', 'run', 'zygote.sock'));
  const mine = Object.entries(runs)
    .filter(([name]) => name.startsWith(`${sessionId}:`))
    .sort(([a], [b]) => Number(a.split(':')[1]) - Number(b.split(':')[1]));
  const pid = mine[mine.length - 1]?.[1];
  if (pid === undefined) throw new Error(`no simulator runs for session ${sessionId}`);
  process.kill(pid, 'SIGKILL');
}

function listRuns(path: string): Promise<Record<string, number>> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(path, () => socket.write('{"op": "list"}\n'));
    socket.setTimeout(5_000, () => socket.destroy(new Error('the zygote does not answer')));
    socket.on('error', reject);
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (!text.includes('\n')) return;
      socket.end();
      resolve((JSON.parse(text) as { runs?: Record<string, number> }).runs ?? {});
    });
  });
}
