"""Pins a watch, deploys, waits until that has succeeded, and gets an error: `python examples/tour.py`."""

import os
import time

from registrywatcher_client import AuthenticatedClient, Client
from registrywatcher_client.api.deployments import create_deployment, get_deployment
from registrywatcher_client.api.events import list_events
from registrywatcher_client.api.watches import change_intent, list_watches
from registrywatcher_client.models import DeploymentDemand, DeploymentState, IntentChange, Problem, Target

WATCH = "web"


def log_in():
    """A client that presents the token in each request."""
    url = os.environ.get("REGISTRYWATCHER_URL", "http://127.0.0.1:8080")
    token = os.environ.get("REGISTRYWATCHER_TOKEN")
    return AuthenticatedClient(url, token) if token else Client(url)


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

request = expect(create_deployment.sync(WATCH, client=client, body=DeploymentDemand())).request
is_taken_on, deployment = False, None
while deployment is None:
    time.sleep(0.2)
    for event in expect(list_events.sync(client=client, watch=WATCH, after=cursor)).items:
        print(f"  {event.id} {event.kind}: {event.message}")
        cursor = event.id
        is_taken_on = is_taken_on or event.request == request
        if is_taken_on and event.kind == "deployment_created":
            deployment = event.deployment

while not (read := expect(get_deployment.sync(deployment, client=client))).ended_at:
    time.sleep(0.2)
print(f"deployed {read.tag}: {read.state}")
if read.state != DeploymentState.SUCCEEDED:
    raise SystemExit(read.failure)

problem = change_intent.sync(WATCH, client=client, body=IntentChange(target=Target.PIN, tag="v0.0.0"))
if not (isinstance(problem, Problem) and problem.type_.endswith("#tag-not-found")):
    raise SystemExit(f"expected a problem, got {problem}")
print(f"refused with {problem.status}: {problem.detail}")

expect(change_intent.sync(WATCH, client=client, body=IntentChange(target=Target.TRACK)))
