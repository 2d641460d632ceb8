package alert

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"tieout/app/database"
	"tieout/sqlc"
)

// condition is an occasion that lasts and ends by itself.
type condition struct {
	occasion
	due bool // it has lasted long enough to be told
}

// conditions returns what a channel is to be told of what lasts, and of what
// has ended. A condition counts as ended by the facts, not by the channel's
// choice of how long to wait.
func (s *Service) conditions(ctx context.Context, tx *database.Tx, c Channel) ([]occasion, error) {
	var all []condition
	for _, find := range []func(context.Context, *database.Tx, Channel) ([]condition, error){systemsDown, waitingFlows, silences, endingSecrets} {
		found, err := find(ctx, tx, c)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	current := make([]string, len(all))
	for i, x := range all {
		current[i] = x.subject
	}
	list, err := ended(ctx, tx, c, current)
	if err != nil {
		return nil, err
	}
	for _, x := range all {
		if x.due && c.wants(x.group, x.connection) {
			list = append(list, x.occasion)
		}
	}
	return list, nil
}

// ended closes what is over and returns the good news of systems whose failure
// was told.
func ended(ctx context.Context, tx *database.Tx, c Channel, current []string) ([]occasion, error) {
	rows, err := sqlc.New(tx).EndConditions(ctx, sqlc.EndConditionsParams{Now: tx.Now, ChannelID: c.ID, Current: current})
	if err != nil {
		return nil, fmt.Errorf("end conditions: %w", err)
	}
	var news []occasion
	for _, r := range rows {
		if Group(r.Class) != System || r.State != sent || r.ConnectionID == nil || !c.wants(System, *r.ConnectionID) {
			continue
		}
		news = append(news, occasion{key: "back/" + r.Occasion, group: System, connection: *r.ConnectionID, title: "Over: " + r.Title,
			body: "It can be used again. What waited goes on by itself.", path: r.Path, at: tx.Now})
	}
	slices.SortFunc(news, func(a, b occasion) int { return int(a.connection - b.connection) })
	return news, nil
}

func systemsDown(ctx context.Context, tx *database.Tx, c Channel) ([]condition, error) {
	rows, err := sqlc.New(tx).SystemsDown(ctx)
	if err != nil {
		return nil, fmt.Errorf("read systems that are down: %w", err)
	}
	list := make([]condition, len(rows))
	for i, r := range rows {
		subject, name, path := fmt.Sprintf("down/%d/%s", r.ConnectionID, r.System), "Prophet 21", fmt.Sprintf("/entries?state=posting&connection=%d", r.ConnectionID)
		if r.System == Amazon {
			name, path = "Amazon", fmt.Sprintf("/admin/connections/%d", r.ConnectionID)
		}
		body := r.Words
		if r.Waiting > 0 {
			body = fmt.Sprintf("%d waiting for it will go on without anybody's help. %s", r.Waiting, r.Words)
		}
		list[i] = condition{due: !r.Since.After(tx.Now.Add(-time.Duration(c.DownMinutes) * time.Minute)),
			occasion: occasion{key: fmt.Sprintf("%s/%d", subject, r.Since.Unix()), subject: subject, group: System, connection: r.ConnectionID,
				title: fmt.Sprintf("%s of %s cannot be used since %s UTC", name, cmp.Or(r.Title, r.Name), r.Since.UTC().Format("2 Jan 15:04")), body: body, path: path, at: r.Since}}
	}
	return list, nil
}

// waitingFlows are those whose other side failed so often that they pause by
// themselves.
func waitingFlows(ctx context.Context, tx *database.Tx, c Channel) ([]condition, error) {
	rows, err := sqlc.New(tx).FlowsWaiting(ctx)
	if err != nil {
		return nil, fmt.Errorf("read flows that wait: %w", err)
	}
	list := make([]condition, len(rows))
	for i, r := range rows {
		subject := fmt.Sprintf("flow/%d/%s", r.ConnectionID, r.Flow)
		list[i] = condition{due: !r.Since.After(tx.Now.Add(-time.Duration(c.DownMinutes) * time.Minute)),
			occasion: occasion{key: fmt.Sprintf("%s/%d", subject, r.Since.Unix()), subject: subject, group: System, connection: r.ConnectionID,
				title: fmt.Sprintf("The flow %s of %s waits since %s UTC", r.Flow, cmp.Or(r.Title, r.Name), r.Since.UTC().Format("2 Jan 15:04")),
				body:  "The other side fails each time. Nothing is lost; it is tried again every few minutes. " + r.Words, path: fmt.Sprintf("/flows/%s/%d", r.Flow, r.ConnectionID), at: r.Since}}
	}
	return list, nil
}

func silences(ctx context.Context, tx *database.Tx, c Channel) ([]condition, error) {
	rows, err := sqlc.New(tx).LastReceived(ctx)
	if err != nil {
		return nil, fmt.Errorf("read what was received last: %w", err)
	}
	var list []condition
	for _, r := range rows {
		days := int(tx.Now.Sub(r.LastAt).Hours() / 24)
		if days < c.SilentDays {
			continue
		}
		subject := fmt.Sprintf("silence/%d/%d", r.ConnectionID, r.LastAt.Unix())
		list = append(list, condition{due: true, occasion: occasion{key: subject, subject: subject, group: Silence, connection: r.ConnectionID,
			title: fmt.Sprintf("Nothing was received from %s for %d days", cmp.Or(r.Title, r.Name), days),
			body:  "No settlement report was found or uploaded. Amazon makes one about every two weeks.", path: fmt.Sprintf("/settlements?connection=%d", r.ConnectionID), at: tx.Now}})
	}
	return list, nil
}

func endingSecrets(ctx context.Context, tx *database.Tx, c Channel) ([]condition, error) {
	rows, err := sqlc.New(tx).SecretsEnding(ctx)
	if err != nil {
		return nil, fmt.Errorf("read ends of client secrets: %w", err)
	}
	var list []condition
	for _, r := range rows {
		if r.EndsOn.After(tx.Now.AddDate(0, 0, c.ExpiryDays)) {
			continue
		}
		day := r.EndsOn.Format(time.DateOnly)
		subject := fmt.Sprintf("expiry/%d/%s", r.ConnectionID, day)
		list = append(list, condition{due: true, occasion: occasion{key: subject, subject: subject, group: Expiry, connection: r.ConnectionID,
			title: fmt.Sprintf("Amazon's client secret of %s ends on %s", cmp.Or(r.Title, r.Name), r.EndsOn.Format("2 Jan 2006")),
			body:  "Rotate it in Seller Central and enter the new one in the connection; without it Amazon lets nothing in.", path: fmt.Sprintf("/admin/connections/%d", r.ConnectionID), at: tx.Now}})
	}
	return list, nil
}
