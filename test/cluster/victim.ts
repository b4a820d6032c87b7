// A test process to be killed by harness.test.ts: it starts a cluster, says which processes and folder it has, and
// waits. It stops nothing itself, which is the point.

import { startCluster } from "./cluster.ts";

const cluster = await startCluster();
process.stdout.write(`${JSON.stringify({ folder: cluster.folder, pids: [...cluster.pids.values()] })}\n`);
setInterval(() => undefined, 1000);
