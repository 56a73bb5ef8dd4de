// Pins a watch, deploys, waits until that has succeeded, and gets an error: `go run ./examples/tour`.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

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

	deployment, err := deploy(ctx, client)
	if err != nil {
		return err
	}
	for deployment.EndedAt == nil {
		time.Sleep(200 * time.Millisecond)
		deployment, _, err = client.DeploymentsAPI.GetDeployment(ctx, deployment.Id).Execute()
		if err != nil {
			return err
		}
	}
	fmt.Printf("deployed %s: %s\n", deployment.Tag, deployment.State)
	if deployment.State != registrywatcher.DEPLOYMENTSTATE_SUCCEEDED {
		return errors.New(deployment.Failure.GetMessage())
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

// deploy asks for a deployment, and follows the events until there is one.
func deploy(ctx context.Context, client *registrywatcher.APIClient) (*registrywatcher.Deployment, error) {
	newest, _, err := client.EventsAPI.ListEvents(ctx).Limit(1).Execute()
	if err != nil {
		return nil, err
	}
	cursor := newest.Items[0].Id

	demand := client.DeploymentsAPI.CreateDeployment(ctx, watch)
	asked, _, err := demand.DeploymentDemand(registrywatcher.DeploymentDemand{}).Execute()
	if err != nil {
		return nil, err
	}
	isTakenOn := false
	for {
		time.Sleep(200 * time.Millisecond)
		events, _, err := client.EventsAPI.ListEvents(ctx).Watch(watch).After(cursor).Execute()
		if err != nil {
			return nil, err
		}
		for _, event := range events.Items {
			fmt.Printf("  %d %s: %s\n", event.Id, event.Kind, event.Message)
			cursor = event.Id
			isTakenOn = isTakenOn || event.GetRequest() == asked.Request
			if isTakenOn && event.Kind == "deployment_created" {
				deployment, _, err := client.DeploymentsAPI.GetDeployment(ctx, event.GetDeployment()).Execute()
				return deployment, err
			}
		}
	}
}
