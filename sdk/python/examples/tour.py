"""Pins a watch, deploys, waits until that has succeeded, and gets an error: `python examples/tour.py`."""

import os
from uuid import uuid4

from httpx import Timeout
from registrywatcher_client import AuthenticatedClient, Client
from registrywatcher_client.api.deployments import create_deployment
from registrywatcher_client.api.events import list_events
from registrywatcher_client.api.watches import change_intent, list_watches
from registrywatcher_client.models import DeploymentDemand, DeploymentState, IntentChange, Problem, Target

WATCH = "web"


def log_in():
    """A client that presents the token in each request."""
    url = os.environ.get("REGISTRYWATCHER_URL", "http://127.0.0.1:8080")
    token = os.environ.get("REGISTRYWATCHER_TOKEN")
    timeout = Timeout(30)  # longer than what is waited for in one request
    return AuthenticatedClient(url, token, timeout=timeout) if token else Client(url, timeout=timeout)


def expect(answer):
    """The answer, unless it is a problem."""
    if answer is None or isinstance(answer, Problem):
        raise SystemExit(f"refused: {answer}")
    return answer


client = log_in()

for watch in expect(list_watches.sync(client=client)).items:
    print(watch.name, "wants", watch.wanted.tag)

pin = IntentChange(target=Target.PIN, tag="v1.0.0")
print("pinned to", expect(change_intent.sync(WATCH, client=client, body=pin)).tag)

# Events from here on.
newest = expect(list_events.sync(client=client, limit=1)).items
cursor = newest[0].id if newest else 0

# Asked again under the same key, it waits on and deploys nothing more: so too when an answer was lost.
key = str(uuid4())
while True:
    asked = expect(create_deployment.sync(WATCH, client=client, body=DeploymentDemand(), idempotency_key=key, wait=20))
    if asked.ended:
        break
for deployment in asked.deployments:
    print(f"deployed {deployment.tag}: {deployment.state}")
    if deployment.state != DeploymentState.SUCCEEDED:
        raise SystemExit(deployment.failure)

kind = None
while kind != "deployment_succeeded":
    for event in expect(list_events.sync(client=client, watch=WATCH, after=cursor, wait=20)).items:
        print(f"  {event.id} {event.kind}: {event.message}")
        cursor, kind = event.id, event.kind

problem = change_intent.sync(WATCH, client=client, body=IntentChange(target=Target.PIN, tag="v0.0.0"))
if not (isinstance(problem, Problem) and problem.type_.endswith("#tag-not-found")):
    raise SystemExit(f"expected a problem, got {problem}")
print(f"refused with {problem.status}: {problem.detail}")

expect(change_intent.sync(WATCH, client=client, body=IntentChange(target=Target.TRACK)))
