package notice

import (
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"tieout/app/amazon"
	"tieout/app/audit"
	"tieout/app/fault"
)

// Subscribed is one type of notifications that Amazon sends to the queue.
type Subscribed struct {
	Kind string
	New  bool // it was not before
}

// Kinds lists the types of notifications that anybody here wants.
func (s *Service) Kinds() []string {
	kinds := append(s.Flows.Heard(), amazon.ReportProcessingFinished)
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

// Subscribe has Amazon send what is wanted here to the connection's queue. What
// is subscribed to already stays; what goes to another queue is moved.
func (s *Service) Subscribe(ctx context.Context, connectionID int64, actor audit.Actor) ([]Subscribed, error) {
	q, err := s.Sides.Queue(ctx, connectionID)
	if err != nil {
		return nil, err
	}
	arn, err := q.Address().ARN()
	if err != nil {
		return nil, err
	}
	client, err := s.Sides.Amazon(ctx, connectionID)
	if err != nil {
		return nil, err
	}
	destination, err := destinationOf(ctx, client, arn)
	if err != nil {
		return nil, fmt.Errorf("make %s known to Amazon: %w", arn, err)
	}
	var list []Subscribed
	for _, kind := range s.Kinds() {
		fresh, err := subscribe(ctx, client, kind, destination)
		if err != nil {
			return list, fmt.Errorf("subscribe to %s: %w", kind, err)
		}
		list = append(list, Subscribed{kind, fresh})
	}
	return list, s.noteSubscribed(ctx, connectionID, arn, list, actor)
}

func (s *Service) noteSubscribed(ctx context.Context, connectionID int64, arn string, list []Subscribed, actor audit.Actor) error {
	err := pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		return audit.Write(ctx, tx, audit.Event{Actor: actor, Action: "notifications subscribed", ObjectType: "connection", ObjectID: connectionID, ConnectionID: connectionID,
			After: map[string]any{"queue": arn, "types": list}})
	})
	if err != nil {
		return fmt.Errorf("note subscriptions: %w", err)
	}
	return nil
}

// destinationOf returns Amazon's id of a queue; a queue that it does not know is
// made known.
func destinationOf(ctx context.Context, client *amazon.Client, arn string) (string, error) {
	known, err := client.Destinations(ctx)
	if err != nil {
		return "", err
	}
	for _, d := range known {
		if d.Resource.SQS.ARN == arn {
			return d.ID, nil
		}
	}
	return client.CreateDestination(ctx, "Tieout", arn)
}

func subscribe(ctx context.Context, client *amazon.Client, kind, destination string) (fresh bool, err error) {
	held, err := client.Subscription(ctx, kind)
	switch {
	case fault.Is(err, fault.NotFound):
	case err != nil:
		return false, err
	case held.DestinationID == destination:
		return false, nil
	default:
		if err := client.Unsubscribe(ctx, kind, held.ID); err != nil {
			return false, fmt.Errorf("end the subscription to another queue: %w", err)
		}
	}
	_, err = client.Subscribe(ctx, kind, destination)
	return true, err
}
