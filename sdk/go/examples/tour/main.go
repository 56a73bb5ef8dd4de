// Pins a watch, deploys, waits until that has succeeded, and gets an error: `go run ./examples/tour`.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"

	registrywatcher "github.com/registrywatcher/registrywatcher/sdk/go"
)

const watch = "web"

// logIn returns a client, and the context with the token that it presents in each request.
func logIn() (*registrywatcher.APIClient, context.Context) {
	url := os.Getenv("REGISTRYWATCHER_URL")
	if url == "" {
		url = "http://127.0.0.1:8080"
	}
	configuration := registrywatcher.NewConfiguration()
	configuration.Servers = registrywatcher.ServerConfigurations{{URL: url}}
	ctx := context.Background()
	if token := os.Getenv("REGISTRYWATCHER_TOKEN"); token != "" {
		ctx = context.WithValue(ctx, registrywatcher.ContextAccessToken, token)
	}
	return registrywatcher.NewAPIClient(configuration), ctx
}

func pinTo(tag string) registrywatcher.IntentChange {
	return registrywatcher.IntentChange{Target: registrywatcher.TARGET_PIN.Ptr(), Tag: &tag}
}

func main() {
	client, ctx := logIn()
	if err := tour(ctx, client); err != nil {
		log.Fatal(err)
	}
}

func tour(ctx context.Context, client *registrywatcher.APIClient) error {
	watches, _, err := client.WatchesAPI.ListWatches(ctx).Execute()
	if err != nil {
		return err
	}
	for _, item := range watches.Items {
		fmt.Println(item.Name, "wants", item.Wanted.GetTag())
	}

	pinned, _, err := client.WatchesAPI.ChangeIntent(ctx, watch).IntentChange(pinTo("v1.0.0")).Execute()
	if err != nil {
		return err
	}
	fmt.Println("pinned to", pinned.GetTag())

	// Events from here on.
	newest, _, err := client.EventsAPI.ListEvents(ctx).Limit(1).Execute()
	if err != nil {
		return err
	}
	cursor := newest.Items[0].Id
	if err := deploy(ctx, client); err != nil {
		return err
	}
	if err := follow(ctx, client, cursor); err != nil {
		return err
	}

	_, _, err = client.WatchesAPI.ChangeIntent(ctx, watch).IntentChange(pinTo("v0.0.0")).Execute()
	var refused *registrywatcher.GenericOpenAPIError
	if !errors.As(err, &refused) {
		return fmt.Errorf("expected a problem, got %v", err)
	}
	problem, isProblem := refused.Model().(registrywatcher.Problem)
	if !isProblem || !strings.HasSuffix(problem.Type, "#tag-not-found") {
		return fmt.Errorf("expected another problem than %v", err)
	}
	fmt.Printf("refused with %d: %s\n", problem.Status, problem.Detail)

	track := registrywatcher.IntentChange{Target: registrywatcher.TARGET_TRACK.Ptr()}
	_, _, err = client.WatchesAPI.ChangeIntent(ctx, watch).IntentChange(track).Execute()
	return err
}

// deploy asks for a deployment, and waits until it has succeeded.
func deploy(ctx context.Context, client *registrywatcher.APIClient) error {
	// Asked again under the same key, it waits on and deploys nothing more: so too when an answer was lost.
	demand := client.DeploymentsAPI.CreateDeployment(ctx, watch).IdempotencyKey(rand.Text()).Wait(20)
	for {
		asked, _, err := demand.DeploymentDemand(registrywatcher.DeploymentDemand{}).Execute()
		if err != nil {
			return err
		}
		if !asked.Ended {
			continue
		}
		for _, deployment := range asked.Deployments {
			fmt.Printf("deployed %s: %s\n", deployment.Tag, deployment.State)
			if deployment.State != registrywatcher.DEPLOYMENTSTATE_SUCCEEDED {
				return errors.New(deployment.Failure.GetMessage())
			}
		}
		return nil
	}
}

// follow shows the events after one, until one tells that a deployment has succeeded.
func follow(ctx context.Context, client *registrywatcher.APIClient, cursor int64) error {
	kind := ""
	for kind != "deployment_succeeded" {
		events, _, err := client.EventsAPI.ListEvents(ctx).Watch(watch).After(cursor).Wait(20).Execute()
		if err != nil {
			return err
		}
		for _, event := range events.Items {
			fmt.Printf("  %d %s: %s\n", event.Id, event.Kind, event.Message)
			cursor, kind = event.Id, event.Kind
		}
	}
	return nil
}
