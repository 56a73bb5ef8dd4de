// Pins a watch, deploys, waits until that has succeeded, and gets an error: `node examples/tour.ts`.

import { changeIntent, createDeployment, listEvents, listWatches } from "registrywatcher-client";
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

// Asked again under the same key, it waits on and deploys nothing more: so too when an answer was lost.
const headers = { "Idempotency-Key": crypto.randomUUID() };
const deploy = () => createDeployment({ ...throwing, path, headers, query: { wait: 20 }, body: {} });
let asked = await deploy();
while (!asked.data.ended) asked = await deploy();
for (const deployment of asked.data.deployments) {
  console.log(`deployed ${deployment.tag}: ${deployment.state}`);
  if (deployment.state !== "succeeded") throw new Error(deployment.failure?.message);
}

let kind: string | undefined;
while (kind !== "deployment_succeeded") {
  const events = await listEvents({ ...throwing, query: { ...path, after, wait: 20 } });
  for (const event of events.data.items) {
    console.log(`  ${event.id} ${event.kind}: ${event.message}`);
    ({ id: after, kind } = event);
  }
}

const { error: problem, response } = await changeIntent({ client, path, body: { target: "pin", tag: "v0.0.0" } });
if (!problem?.type.endsWith("#tag-not-found")) throw new Error(`expected a problem, got ${response?.status}`);
console.log(`refused with ${problem.status}: ${problem.detail}`);

await changeIntent({ ...throwing, path, body: { target: "track" } });
