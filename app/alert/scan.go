package alert

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"tieout/app/audit"
	"tieout/app/database"
	"tieout/app/money"
	"tieout/sqlc"
)

const (
	perMessage = 50  // occasions told at once
	perLook    = 500 // occasions of a kind that one look takes up; the next look takes up the rest
)

// TellKind is the kind of the jobs that send messages. Their own failure is on
// the page of alerts and not told: it could not be, and would be an occasion
// again.
const TellKind = "tell"

// occasion is something to tell.
type occasion struct {
	key, subject string
	group        Group
	connection   int64
	exception    int64
	title, body  string
	path         string
	at           time.Time
	state        string
}

// Scan looks for new occasions of every channel, writes them to the outbox and
// has them sent, in one transaction.
func (s *Service) Scan(ctx context.Context) error {
	return s.within(ctx, func(tx *database.Tx) error {
		list, err := channels(ctx, tx)
		if err != nil {
			return err
		}
		for _, c := range list {
			if !c.On() {
				continue
			}
			if err := s.collect(ctx, tx, c); err != nil {
				return fmt.Errorf("collect for channel %d: %w", c.ID, err)
			}
		}
		if err := sqlc.New(tx).MarkAlertsLookedAt(ctx, &tx.Now); err != nil {
			return fmt.Errorf("mark look for alerts: %w", err)
		}
		return nil
	})
}

// collect writes down what a channel is to be told now and has it sent.
func (s *Service) collect(ctx context.Context, tx *database.Tx, c Channel) error {
	if !c.On() {
		return nil
	}
	found, err := s.exceptions(ctx, tx, c)
	if err != nil {
		return err
	}
	failed, err := s.failedJobs(ctx, tx, c)
	if err != nil {
		return err
	}
	lasting, err := s.conditions(ctx, tx, c)
	if err != nil {
		return err
	}
	witness, err := witnessOfTheDay(ctx, tx, c)
	if err != nil {
		return err
	}
	access, err := accesses(ctx, tx, c)
	if err != nil {
		return err
	}
	for _, o := range slices.Concat(found, failed, lasting, witness, access) {
		if err := insert(ctx, tx, c.ID, o); err != nil {
			return err
		}
	}
	return s.pack(ctx, tx, c.ID)
}

// witnessOfTheDay is the first head of the audit chain that is seen on a day.
func witnessOfTheDay(ctx context.Context, tx *database.Tx, c Channel) ([]occasion, error) {
	if !slices.Contains(c.Groups, Witness) {
		return nil, nil
	}
	head, err := audit.Head(ctx, tx)
	if err != nil || head.Seq == 0 {
		return nil, err
	}
	day := tx.Now.UTC()
	return []occasion{{key: "witness/" + day.Format(time.DateOnly), group: Witness, path: "/admin/audit", at: tx.Now,
		title: fmt.Sprintf("The audit log of %s ends with event %d", day.Format("2 Jan 2006"), head.Seq),
		body:  head.String() + "\nKeep this line. \"tieout verify --witness FILE\" says whether the log still is what it was."}}, nil
}

func insert(ctx context.Context, tx *database.Tx, channelID int64, o occasion) error {
	err := sqlc.New(tx).InsertAlert(ctx, sqlc.InsertAlertParams{ChannelID: channelID, Occasion: o.key, Class: string(o.group), Subject: o.subject, ConnectionID: database.Key(o.connection),
		ExceptionID: database.Key(o.exception), Title: o.title, Body: o.body, Path: o.path, HappenedAt: o.at, State: orWaiting(o.state), CreatedAt: tx.Now})
	if err != nil {
		return fmt.Errorf("write alert %s: %w", o.key, err)
	}
	return nil
}

func orWaiting(state string) string {
	if state == "" {
		return waiting
	}
	return state
}

// pack puts what waits into messages and has them sent.
func (s *Service) pack(ctx context.Context, tx *database.Tx, channelID int64) error {
	db := sqlc.New(tx)
	ids, err := db.UnsentAlerts(ctx, channelID)
	if err != nil {
		return fmt.Errorf("read unsent alerts: %w", err)
	}
	for some := range slices.Chunk(ids, perMessage) {
		message, err := db.InsertAlertMessage(ctx, sqlc.InsertAlertMessageParams{ChannelID: channelID, Key: newKey(), CreatedAt: tx.Now})
		if err != nil {
			return fmt.Errorf("write alert message: %w", err)
		}
		if err := db.PutAlertsInMessage(ctx, sqlc.PutAlertsInMessageParams{MessageID: &message, Ids: some}); err != nil {
			return fmt.Errorf("fill alert message: %w", err)
		}
		if err := s.Jobs.Tell(ctx, tx.Tx, message); err != nil {
			return err
		}
	}
	return nil
}

func newKey() string { return "msg_" + rand.Text() }

// know writes down what is there already, so that it is not told.
func (s *Service) know(ctx context.Context, tx *database.Tx, channelID int64) error {
	if err := sqlc.New(tx).KnowExceptions(ctx, sqlc.KnowExceptionsParams{ChannelID: channelID, Now: tx.Now}); err != nil {
		return fmt.Errorf("pass over open exceptions: %w", err)
	}
	if err := sqlc.New(tx).KnowAccess(ctx, sqlc.KnowAccessParams{ChannelID: channelID, Now: tx.Now, Since: tx.Now.Add(-accessTold)}); err != nil {
		return fmt.Errorf("pass over sign-ins: %w", err)
	}
	for {
		failed, err := discarded(ctx, tx, channelID)
		if err != nil || len(failed) == 0 {
			return err
		}
		for _, o := range failed {
			o.state = known
			if err := insert(ctx, tx, channelID, o); err != nil {
				return err
			}
		}
	}
}

func (s *Service) exceptions(ctx context.Context, tx *database.Tx, c Channel) ([]occasion, error) {
	rows, err := sqlc.New(tx).UntoldExceptions(ctx, sqlc.UntoldExceptionsParams{Now: tx.Now, Classes: classNames(c.Groups), Others: slices.Contains(c.Groups, Others),
		Known: classNames(Groups()), ConnectionIds: append([]int64{}, c.Connections...), ChannelID: c.ID, AtMost: perLook})
	if err != nil {
		return nil, fmt.Errorf("read exceptions to tell: %w", err)
	}
	list := make([]occasion, len(rows))
	for i, r := range rows {
		list[i] = occasion{key: fmt.Sprintf("exception/%d", r.ID), group: groupOf(r.Class), connection: r.ConnectionID, exception: r.ID, title: r.Title,
			body: atStake(r), path: fmt.Sprintf("/exceptions/%d", r.ID), at: r.OpenedAt}
	}
	return list, nil
}

func atStake(r sqlc.UntoldExceptionsRow) string {
	var parts []string
	if r.Records > 1 {
		parts = append(parts, fmt.Sprintf("%d records wait on it.", r.Records))
	}
	if r.Amount.Valid && !r.Amount.Decimal.IsZero() {
		parts = append(parts, "At stake: "+money.New(r.Amount.Decimal.Abs(), money.Currency(r.Currency)).String()+".")
	}
	return strings.Join(parts, " ")
}

func (s *Service) failedJobs(ctx context.Context, tx *database.Tx, c Channel) ([]occasion, error) {
	if !slices.Contains(c.Groups, Job) {
		return nil, nil
	}
	list, err := discarded(ctx, tx, c.ID)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(list, func(o occasion) bool { return !c.wants(Job, o.connection) }), nil
}

// discarded returns the jobs that the engine gave up and a channel has no row
// of. The table is the engine's own.
func discarded(ctx context.Context, tx *database.Tx, channelID int64) ([]occasion, error) {
	rows, err := tx.Query(ctx, `
		SELECT j.id, j.kind, coalesce(j.args->>'connection_id', ''), j.attempt, j.finalized_at FROM river_job j
		WHERE j.state = 'discarded' AND j.kind <> $2
		  AND NOT EXISTS (SELECT 1 FROM alert a WHERE a.channel_id = $1 AND a.occasion = 'job/' || j.id)
		ORDER BY j.id LIMIT $3`, channelID, TellKind, perLook)
	if err != nil {
		return nil, fmt.Errorf("read failed jobs: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (occasion, error) {
		var id int64
		var kind, connection string
		var attempts int
		o := occasion{group: Job}
		if err := row.Scan(&id, &kind, &connection, &attempts, &o.at); err != nil {
			return o, fmt.Errorf("read failed job: %w", err)
		}
		o.connection, _ = strconv.ParseInt(connection, 10, 64) // 0: of no connection
		o.key, o.path = fmt.Sprintf("job/%d", id), fmt.Sprintf("/admin/jobs/jobs/%d", id)
		o.title = fmt.Sprintf("The job %q failed for good", strings.ReplaceAll(kind, "_", " "))
		o.body = fmt.Sprintf("It was tried %d times. An administrator can look at it and run it again.", attempts)
		return o, nil
	})
}
