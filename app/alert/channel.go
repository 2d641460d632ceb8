// Package alert tells people outside the program what they must know: causes
// that wait for a decision, systems that cannot be used, jobs that failed for
// good. Channels say who is told what; the outbox says what became of it.
//
// Looking for occasions and writing them down happen in one transaction with
// the job that sends them. The outbox itself is the mark of how far a channel
// was told: rows commit in another order than they are numbered, so no number
// or moment could be. A process killed between looking and sending loses
// nothing. One killed between sending and writing down what the other side said
// sends again, under the same id: delivery is at least once.
package alert

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"tieout/app/clock"
	"tieout/app/fault"
	"tieout/app/notify"
	"tieout/app/vault"
	"tieout/sqlc"
)

// Kind is how a channel is told.
type Kind string

// Kinds of channels.
const (
	ByMail    Kind = "mail"
	ByWebhook Kind = "webhook"
)

// Channel is somebody who is told.
type Channel struct {
	ID          int64
	Kind        Kind
	Name        string
	Address     string    // recipients with commas between them, or a URL
	Groups      []Group   // what it is told
	Connections []int64   // of these; empty is all
	DownMinutes int       // how long a system is down before it is told
	SilentDays  int       // how long nothing is received before it is told
	ExpiryDays  int       // how long before Amazon's client secret ends it is told
	OffAt       time.Time // zero: on
	OffReason   string
	RotatingTo  time.Time // until then the secret before signs as well
	Version     int32
}

// NewChannel is what a form begins with.
func NewChannel(k Kind) Channel {
	return Channel{Kind: k, Groups: []Group{Unreadable, Balance, Posting, System, Job, Expiry, Silence, SignIn}, DownMinutes: 10, SilentDays: 16, ExpiryDays: 14}
}

// On reports whether the channel is told anything.
func (c Channel) On() bool { return c.OffAt.IsZero() }

// validate returns what is wrong by field, nil when nothing is.
func (c Channel) validate() error {
	wrong := map[string]string{}
	if n := len([]rune(c.Name)); n == 0 || n > 80 {
		wrong["name"] = "A name of at most 80 characters."
	}
	if err := c.checkAddress(); err != nil {
		wrong["address"] = sentence(err)
	}
	if len(c.Groups) == 0 || slices.ContainsFunc(c.Groups, func(g Group) bool { return !g.known() }) {
		wrong["group-"+string(Unreadable)] = "Choose at least one occasion."
	}
	for field, n := range map[string]struct{ value, high int }{"down_minutes": {c.DownMinutes, 1440}, "silent_days": {c.SilentDays, 365}, "expiry_days": {c.ExpiryDays, 180}} {
		if n.value < 1 || n.value > n.high {
			wrong[field] = "A whole number from 1."
		}
	}
	if len(wrong) == 0 {
		return nil
	}
	return fault.InvalidFields(wrong)
}

func (c Channel) checkAddress() error {
	if len(c.Address) > 2000 {
		return fault.New(fault.Invalid, "At most 2000 characters.")
	}
	if c.Kind == ByWebhook {
		return notify.CheckURL(c.Address)
	}
	_, err := notify.ParseRecipients(c.Address)
	return err
}

// wants reports whether the channel is told of a group and connection; 0 is an
// occasion of none, which concerns everybody.
func (c Channel) wants(g Group, connectionID int64) bool {
	return slices.Contains(c.Groups, g) && (connectionID == 0 || len(c.Connections) == 0 || slices.Contains(c.Connections, connectionID))
}

// Jobs starts background work in the transaction of the data it concerns.
type Jobs interface {
	// Tell sends a message.
	Tell(ctx context.Context, tx pgx.Tx, messageID int64) error
}

// Needs are what a Service is made from.
type Needs struct {
	Pool      *pgxpool.Pool
	Clock     clock.Clock
	Vault     *vault.Vault
	Mail      *notify.Mail
	Webhook   *notify.Webhook
	Jobs      Jobs
	PublicURL string // links of alerts begin with it
	Log       *slog.Logger
}

// Service holds the use cases of alerts; safe for concurrent use.
type Service struct{ Needs }

// NewService returns a Service.
func NewService(n Needs) *Service { return &Service{n} }

func channelOf(r sqlc.AlertChannel) Channel {
	c := Channel{ID: r.ID, Kind: Kind(r.Kind), Name: r.Name, Address: r.Address, Connections: r.ConnectionIds, DownMinutes: int(r.DownMinutes),
		SilentDays: int(r.SilentDays), ExpiryDays: int(r.ExpiryDays), OffAt: orZero(r.OffAt), OffReason: r.OffReason, RotatingTo: orZero(r.OldUntil), Version: r.Version}
	for _, g := range r.Occasions {
		c.Groups = append(c.Groups, Group(g))
	}
	return c
}

func (c Channel) groupNames() []string {
	names := make([]string, len(c.Groups))
	for i, g := range c.Groups {
		names[i] = string(g)
	}
	return names
}

func orZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}
