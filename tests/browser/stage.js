// A server of one's own, over simulators whose images and jobs a test moves.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { randomBytes } from "node:crypto";

const BUILT = join(process.env.CARGO_TARGET_DIR ?? new URL("../../target", import.meta.url).pathname, "debug");
const STARTS_WITHIN = 30_000;

/** The name under which the simulated registry is known. */
const REGISTRY = "registry.example";

/** Every watch of `watches` runs the first of its tags, and is deployed the last that its policy wants. */
const WATCHES = {
  web: { tags: ["v1.0.0", "v1.1.0", "v1.2.0"] },
  api: { tags: ["2.0.0", "2.1.0"], jobs: ["api", "api-eu"] },
  mailer: { tags: ["v3.4.1", "nightly"] },
  news: { tags: ["v1.0.0"] },
};

export class Stage {
  #folder;
  #simulators;
  #answers;
  #server;
  #listen = "127.0.0.1:0";

  /** Tokens by role. */
  tokens = Object.fromEntries(["viewer", "deployer", "admin"].map((role) => [role, randomBytes(32).toString("hex")]));

  static async set(watches = WATCHES) {
    const stage = new Stage();
    stage.#folder = await mkdtemp(join(tmpdir(), "registrywatcher-browser-"));
    stage.#simulators = spawn(join(BUILT, "examples/stage"), { stdio: ["pipe", "pipe", "inherit"] });
    stage.#answers = createInterface({ input: stage.#simulators.stdout })[Symbol.asyncIterator]();
    for (const [name, { tags, jobs = [name] }] of Object.entries(watches)) {
      for (const tag of tags) await stage.move("publish", `acme/${name}`, tag);
      for (const job of jobs) await stage.move("run", job, `${REGISTRY}/acme/${name}:${tags[0]}`);
    }
    const [registry, nomad] = (await stage.move("addresses")).split(" ");
    for (const [role, token] of Object.entries(stage.tokens)) await writeFile(join(stage.#folder, role), token);
    stage.configuration = (listen) => configuration({ folder: stage.#folder, listen, registry, nomad, watches });
    await stage.start();
    return stage;
  }

  /** Moves the simulators, in the words of `adapters/simulator/examples/stage.rs`. One move at a time. */
  async move(...words) {
    this.#simulators.stdin.write(`${words.join(" ")}\n`);
    const { value } = await this.#answers.next();
    if (value === undefined || value.startsWith("not understood")) throw new Error(`${words.join(" ")}: ${value}`);
    return value;
  }

  /** Starts the server, on the address that it had before. */
  async start() {
    const file = join(this.#folder, "registrywatcher.toml");
    await writeFile(file, this.configuration(this.#listen));
    const { DATABASE_URL, ...env } = { ...process.env, NO_COLOR: "1" };
    const options = { stdio: ["ignore", "pipe", "pipe"], env };
    this.#server = spawn(join(BUILT, "registrywatcher"), ["serve", "--config", file], options);
    this.url = await announced(this.#server);
    this.#listen = new URL(this.url).host;
  }

  /** Stops the server; the simulators go on. */
  async halt() {
    if (this.#server.exitCode !== null) return;
    const ended = once(this.#server, "exit");
    this.#server.kill("SIGKILL");
    await ended;
  }

  async strike() {
    await this.halt();
    this.#simulators.stdin.end();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** Calls the API as an admin. */
  async call(method, path, body) {
    const headers = { authorization: `Bearer ${this.tokens.admin}`, "content-type": "application/json" };
    const answer = await fetch(`${this.url}${path}`, { method, headers, body: body && JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.status === 204 ? null : answer.json();
  }

  /** Waits until every watch is up to date. */
  async settled() {
    await eventually(async () => {
      const { items } = await this.call("GET", "/api/v1/watches");
      return items.every((it) => it.status === "up_to_date");
    }, "every watch is up to date");
  }
}

/** Waits until `check` is true. */
export async function eventually(check, what, within = STARTS_WITHIN) {
  const deadline = Date.now() + within;
  while (!(await check())) {
    if (Date.now() > deadline) throw new Error(`not within ${within / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function announced(server) {
  return new Promise((resolve, reject) => {
    let said = "";
    const hear = (chunk) => {
      said += chunk;
      const address = said.match(/the API are at (http:\/\/[0-9.:]+)/);
      if (address) resolve(address[1]);
    };
    server.stdout.on("data", hear);
    server.stderr.on("data", hear);
    server.once("exit", (code) => reject(new Error(`the server ended with ${code}:\n${said}`)));
  });
}

function configuration({ folder, listen, registry, nomad, watches }) {
  const tokens = ["viewer", "deployer", "admin"].map(
    (role) => `[[auth.tokens]]\nname = "${role === "viewer" ? "vera" : role === "deployer" ? "dora" : "ada"}"\nrole = "${role}"\ntoken_file = "${join(folder, role)}"`,
  );
  const sections = Object.entries(watches).map(([name, { jobs = [name], policy = '{ semver = "*" }' }]) => {
    const workloads = jobs.map((job) => `{ deployer = "nomad", job = "${job}", task = "server" }`);
    return `[watches.${name}]\nimage = "${REGISTRY}/acme/${name}"\npolicy = ${policy}\nmin_interval = "0s"\nworkloads = [${workloads}]`;
  });
  return `docker_config = false
[server]
listen = "${listen}"
[store]
url = "sqlite://${join(folder, "server.db")}"
[poll]
interval = "1s"
[registries."${REGISTRY}"]
address = "http://${registry}"
plain_http = true
[deployers.nomad]
kind = "nomad"
address = "${nomad}"
link = "${nomad}/ui/jobs/{job}"
${tokens.join("\n")}
${sections.join("\n")}
`;
}
