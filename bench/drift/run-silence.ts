// `node bench/drift/run-silence.ts [WAY] [EVERY]`: silence alone, with every false alarm in full.

import { readCorpus } from "./corpus.ts";
import { measureSilence } from "./silence.ts";
import { WAYS } from "./ways.ts";

const [wanted = "", every = "1"] = process.argv.slice(2);
const objects = readCorpus(Number(every));
console.log(`${objects.length} objects`);
for (const way of WAYS.filter((one) => one.startsWith(wanted))) {
  const started = performance.now();
  const { alarms, faults, refused, ...rest } = await measureSilence(objects, way);
  console.log(
    JSON.stringify({
      ...rest,
      seconds: Math.round((performance.now() - started) / 1000),
      alarms: alarms.length,
      refused: refused.length,
    }),
  );
  for (const alarm of alarms) console.log(`ALARM ${alarm}`);
  for (const fault of faults) console.log(`FAULT ${fault}`);
  for (const [from, why] of refused) console.log(`REFUSED ${from}: ${why.slice(0, 300)}`);
}
