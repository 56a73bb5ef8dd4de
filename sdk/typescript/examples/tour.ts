// Pins a watch, deploys, waits until that has succeeded, and gets an error: `node examples/tour.ts`.

import { setTimeout as sleep } from "node:timers/promises";
import { changeIntent, createDeployment, getDeployment, listEvents, listWatches } from "registrywatcher-client";
import { createClient } from "registrywatcher-client/client";

const path = { watch: "web" };

// Presents the token in each request, and throws what is not a success.
const client = createClient({
  baseUrl: process.env.REGISTRYWATCHER_URL ?? "http://127.0.0.1:8080",
  auth: () => process.env.REGISTRYWATCHER_TOKEN,
});
const throwing = { client, throwOnError: true } as const;

const watches = await listWatches(throwing);
for (const watch of watches.data.items) console.log(`${watch.name} wants ${watch.wanted.tag}`);

const pinned = await changeIntent({ ...throwing, path, body: { target: "pin", tag: "v1.0.0" } });
console.log(`pinned to ${pinned.data.tag}`);

// Events from here on.
const newest = await listEvents({ ...throwing, query: { limit: 1 } });
let after = newest.data.items[0]?.id ?? 0;

const asked = await createDeployment({ ...throwing, path, body: {} });
let isTakenOn = false;
let deployment: string | undefined;
while (deployment === undefined) {
  await sleep(200);
  const events = await listEvents({ ...throwing, query: { ...path, after } });
  for (const event of events.data.items) {
    console.log(`  ${event.id} ${event.kind}: ${event.message}`);
    after = event.id;
    isTakenOn ||= event.request === asked.data.request;
    if (isTakenOn && event.kind === "deployment_created") deployment = event.deployment;
  }
}

let read = await getDeployment({ ...throwing, path: { deployment } });
while (read.data.ended_at === undefined) {
  await sleep(200);
  read = await getDeployment({ ...throwing, path: { deployment } });
}
console.log(`deployed ${read.data.tag}: ${read.data.state}`);
if (read.data.state !== "succeeded") throw new Error(read.data.failure?.message);

const { error: problem, response } = await changeIntent({ client, path, body: { target: "pin", tag: "v0.0.0" } });
if (!problem?.type.endsWith("#tag-not-found")) throw new Error(`expected a problem, got ${response?.status}`);
console.log(`refused with ${problem.status}: ${problem.detail}`);

await changeIntent({ ...throwing, path, body: { target: "track" } });
