package jobs

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"tieout/app/catalog"
	"tieout/app/connection"
	"tieout/app/fault"
	"tieout/app/listings"
)

// SyncListings reads what Amazon lists of every connection into the catalogue.
type SyncListings struct{}

// Kind implements river.JobArgs.
func (SyncListings) Kind() string { return "sync_listings" }

type listingWorker struct {
	river.WorkerDefaults[SyncListings]
	connections *connection.Service
	catalog     *catalog.Service
}

// Timeout allows for hundreds of thousands of listings, twenty a page.
func (w *listingWorker) Timeout(*river.Job[SyncListings]) time.Duration { return 3 * time.Hour }

func (w *listingWorker) Work(ctx context.Context, _ *river.Job[SyncListings]) error {
	list, err := w.connections.List(ctx)
	if err != nil {
		return err
	}
	var failed, denied []error
	for _, c := range list {
		err := listings.Read(ctx, w.connections, w.catalog.UpsertListings, c.ID)
		switch {
		case err == nil, fault.Is(err, fault.Invalid): // Amazon is not connected yet
		case fault.Is(err, fault.Forbidden):
			denied = append(denied, fmt.Errorf("%s: Amazon does not let listings be read; give the application the role Product Listing: %w", c.Name, err))
		default:
			failed = append(failed, fmt.Errorf("%s: %w", c.Name, err))
		}
	}
	if len(failed) == 0 && len(denied) > 0 {
		return river.JobCancel(errors.Join(denied...)) // to try again at once does not help
	}
	return errors.Join(append(failed, denied...)...)
}
