package connection

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"tieout/app/amazon"
	"tieout/app/audit"
	"tieout/app/clock"
	"tieout/app/database"
	"tieout/app/fault"
	"tieout/app/money"
	"tieout/app/p21"
	"tieout/app/p21/adapter"
	"tieout/app/queue"
	"tieout/app/vault"
	"tieout/sqlc"
)

// Jobs starts background work in the transaction of the data it concerns.
type Jobs interface {
	// Redraft builds the drafts of a connection again, because what they rest
	// on has changed.
	Redraft(ctx context.Context, tx pgx.Tx, connectionID int64) error
}

// Service holds the use cases of connections.
type Service struct {
	pool    *pgxpool.Pool
	clock   clock.Clock
	vault   *vault.Vault
	limiter amazon.Limiter
	jobs    Jobs

	mu      sync.Mutex // guards clients
	clients map[int64]clients
}

// clients are the two sides of a connection, shared because their tokens are.
type clients struct {
	version int32
	amazon  *amazon.Client
	p21     p21.System
}

// NewService returns a Service. jobs may be nil where nothing is drafted.
func NewService(pool *pgxpool.Pool, c clock.Clock, v *vault.Vault, limiter amazon.Limiter, jobs Jobs) *Service {
	return &Service{pool: pool, clock: c, vault: v, limiter: limiter, jobs: jobs, clients: map[int64]clients{}}
}

// Create stores a connection with its secrets and a default policy.
func (s *Service) Create(ctx context.Context, c Connection, secrets Secrets, actor audit.Actor) (int64, error) {
	if wrong := c.Validate(); wrong != nil {
		return 0, fault.InvalidFields(wrong)
	}
	var id int64
	err := database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		db := sqlc.New(tx)
		var err error
		id, err = db.InsertConnection(ctx, sqlc.InsertConnectionParams{
			Name: c.Name, Title: c.Title, Environment: c.Environment, AmazonRegion: c.AmazonRegion, MarketplaceIds: notNil(c.MarketplaceIDs), SellerID: c.SellerID,
			AmazonEndpoint: c.AmazonEndpoint, LwaUrl: c.LWAURL, LwaClientID: c.LWAClientID, P21Url: c.P21URL, P21Adapter: c.P21Adapter,
			P21Company: c.P21Company, P21Username: c.P21Username, P21Journal: c.P21Journal, P21PositiveDebit: c.P21PositiveDebit,
			FunctionalCurrency: string(c.FunctionalCurrency), TimeZone: c.TimeZone, RevenueMode: c.RevenueMode,
			QueueUrl: c.QueueURL, QueueRegion: c.QueueRegion, QueueKeyID: c.QueueKeyID,
		})
		if err != nil {
			return err
		}
		if err := s.seal(ctx, db, id, secrets); err != nil {
			return err
		}
		if err := db.InsertPolicy(ctx, id); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Event{Actor: actor, Action: "created", ObjectType: "connection", ObjectID: id, ConnectionID: id, After: c})
	})
	if err != nil {
		return 0, database.Translate(fmt.Errorf("create connection %s: %w", c.Name, err))
	}
	return id, nil
}

func notNil(list []string) []string { return append([]string{}, list...) }

// place is what a secret is bound to in the vault.
func place(id int64, column string) string { return fmt.Sprintf("connection/%d/%s", id, column) }

func (s *Service) seal(ctx context.Context, db *sqlc.Queries, id int64, secrets Secrets) error {
	params := sqlc.SealSecretsParams{ID: id}
	for column, secret := range map[string]struct {
		text string
		to   *[]byte
	}{
		"lwa_client_secret": {secrets.LWAClientSecret, &params.LwaClientSecret},
		"refresh_token":     {secrets.RefreshToken, &params.RefreshToken},
		"p21_password":      {secrets.P21Password, &params.P21Password},
		"p21_client_secret": {secrets.P21ClientSecret, &params.P21ClientSecret},
		"queue_secret":      {secrets.QueueSecret, &params.QueueSecret},
	} {
		sealed, err := s.vault.Seal(strings.TrimSpace(secret.text), place(id, column))
		if err != nil {
			return err
		}
		*secret.to = sealed
	}
	if err := db.SealSecrets(ctx, params); err != nil {
		return fmt.Errorf("store secrets: %w", err)
	}
	return nil
}

// Update changes a connection; empty secrets stay as they are.
func (s *Service) Update(ctx context.Context, c Connection, secrets Secrets, actor audit.Actor) error {
	if wrong := c.Validate(); wrong != nil {
		return fault.InvalidFields(wrong)
	}
	before, err := s.Get(ctx, c.ID)
	if err != nil {
		return err
	}
	err = database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		db := sqlc.New(tx)
		changed, err := db.UpdateConnection(ctx, sqlc.UpdateConnectionParams{
			ID: c.ID, Version: c.Version, Title: c.Title, Environment: c.Environment, AmazonRegion: c.AmazonRegion, MarketplaceIds: notNil(c.MarketplaceIDs),
			SellerID: c.SellerID, AmazonEndpoint: c.AmazonEndpoint, LwaUrl: c.LWAURL, LwaClientID: c.LWAClientID, P21Url: c.P21URL,
			P21Adapter: c.P21Adapter, P21Company: c.P21Company, P21Username: c.P21Username, P21Journal: c.P21Journal,
			P21PositiveDebit: c.P21PositiveDebit, FunctionalCurrency: string(c.FunctionalCurrency), TimeZone: c.TimeZone, RevenueMode: c.RevenueMode,
			QueueUrl: c.QueueURL, QueueRegion: c.QueueRegion, QueueKeyID: c.QueueKeyID,
		})
		if err != nil {
			return err
		}
		if changed == 0 {
			return fault.New(fault.Conflict, "This connection changed while you looked at it. Read it again.")
		}
		if err := s.seal(ctx, db, c.ID, secrets); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Event{Actor: actor, Action: "changed", ObjectType: "connection", ObjectID: c.ID, ConnectionID: c.ID, Before: before, After: c})
	})
	if err != nil {
		return database.Translate(fmt.Errorf("change connection %s: %w", c.Name, err))
	}
	return nil
}

// Get returns a connection; fault.NotFound when there is none.
func (s *Service) Get(ctx context.Context, id int64) (Connection, error) {
	r, err := s.row(ctx, id)
	if err != nil {
		return Connection{}, err
	}
	return connection(r), nil
}

// ByName returns a connection by its short name.
func (s *Service) ByName(ctx context.Context, name string) (Connection, error) {
	id, err := sqlc.New(s.pool).ConnectionByName(ctx, name)
	if errors.Is(err, pgx.ErrNoRows) {
		return Connection{}, fault.New(fault.NotFound, "There is no connection %q.", name)
	}
	if err != nil {
		return Connection{}, fmt.Errorf("find connection %q: %w", name, err)
	}
	return s.Get(ctx, id)
}

func (s *Service) row(ctx context.Context, id int64) (sqlc.Connection, error) {
	r, err := sqlc.New(s.pool).GetConnection(ctx, id)
	if errors.Is(err, pgx.ErrNoRows) {
		return r, fault.New(fault.NotFound, "There is no connection %d.", id)
	}
	if err != nil {
		return r, fmt.Errorf("read connection %d: %w", id, err)
	}
	return r, nil
}

func connection(r sqlc.Connection) Connection {
	return Connection{
		ID: r.ID, Name: r.Name, Title: r.Title, Environment: r.Environment, AmazonRegion: r.AmazonRegion, MarketplaceIDs: r.MarketplaceIds,
		SellerID: r.SellerID, AmazonEndpoint: r.AmazonEndpoint, LWAURL: r.LwaUrl, LWAClientID: r.LwaClientID, P21URL: r.P21Url, P21Adapter: r.P21Adapter,
		P21Company: r.P21Company, P21Username: r.P21Username, P21Journal: r.P21Journal, P21PositiveDebit: r.P21PositiveDebit,
		FunctionalCurrency: money.Currency(r.FunctionalCurrency), TimeZone: r.TimeZone, RevenueMode: r.RevenueMode, PausedAt: r.PausedAt, Version: r.Version,
		QueueURL: r.QueueUrl, QueueRegion: r.QueueRegion, QueueKeyID: r.QueueKeyID,
		Has: Held{len(r.LwaClientSecret) > 0, len(r.RefreshToken) > 0, len(r.P21Password) > 0, len(r.P21ClientSecret) > 0, len(r.QueueSecret) > 0},
	}
}

// List returns all connections by name.
func (s *Service) List(ctx context.Context) ([]Summary, error) {
	rows, err := sqlc.New(s.pool).ListConnections(ctx)
	if err != nil {
		return nil, fmt.Errorf("list connections: %w", err)
	}
	list := make([]Summary, len(rows))
	for i, r := range rows {
		list[i] = Summary{r.ID, r.Name, r.Title, r.Environment, r.AmazonRegion, r.MarketplaceIds, r.P21Adapter, r.P21Company,
			r.FunctionalCurrency, r.TimeZone, r.PausedAt, r.Settlements, r.SyncedAt}
	}
	return list, nil
}

// Pause stops or resumes everything that runs by itself for a connection.
func (s *Service) Pause(ctx context.Context, id int64, paused bool, actor audit.Actor) error {
	action := "resumed"
	if paused {
		action = "paused"
	}
	err := database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		if _, err := sqlc.New(tx).PauseConnection(ctx, sqlc.PauseConnectionParams{ID: id, Paused: paused}); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Event{Actor: actor, Action: action, ObjectType: "connection", ObjectID: id, ConnectionID: id})
	})
	if err != nil {
		return database.Translate(fmt.Errorf("pause connection %d: %w", id, err))
	}
	return nil
}

func (s *Service) redraft(ctx context.Context, tx *database.Tx, id int64) error {
	if s.jobs == nil {
		return nil
	}
	if err := s.jobs.Redraft(ctx, tx.Tx, id); err != nil {
		return fmt.Errorf("ask for drafts: %w", err)
	}
	return nil
}

// Amazon returns the client of a connection's seller account.
func (s *Service) Amazon(ctx context.Context, id int64) (*amazon.Client, error) {
	c, err := s.sides(ctx, id)
	if err != nil {
		return nil, err
	}
	if c.amazon == nil {
		return nil, fault.New(fault.Invalid, "This connection has no complete Amazon credentials yet.")
	}
	return c.amazon, nil
}

// P21 returns the P21 side of a connection.
func (s *Service) P21(ctx context.Context, id int64) (p21.System, error) {
	c, err := s.sides(ctx, id)
	if err != nil {
		return nil, err
	}
	if c.p21 == nil {
		return nil, fault.New(fault.Invalid, "This connection has no complete P21 credentials yet.")
	}
	return c.p21, nil
}

// Ledger returns the general ledger of a connection's P21 side.
func (s *Service) Ledger(ctx context.Context, id int64) (p21.Ledger, error) { return s.P21(ctx, id) }

func (s *Service) sides(ctx context.Context, id int64) (clients, error) {
	r, err := s.row(ctx, id)
	if err != nil {
		return clients{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, ok := s.clients[id]; ok && c.version == r.Version {
		return c, nil
	}
	c := clients{version: r.Version}
	if c.amazon, err = s.openAmazon(r); err != nil {
		return clients{}, err
	}
	if c.p21, err = s.openP21(r); err != nil {
		return clients{}, err
	}
	s.clients[id] = c
	return c, nil
}

func (s *Service) openAmazon(r sqlc.Connection) (*amazon.Client, error) {
	secret, err := s.vault.Open(r.LwaClientSecret, place(r.ID, "lwa_client_secret"))
	if err != nil {
		return nil, err
	}
	token, err := s.vault.Open(r.RefreshToken, place(r.ID, "refresh_token"))
	if err != nil {
		return nil, err
	}
	if secret == "" || token == "" || r.LwaClientID == "" {
		return nil, nil
	}
	endpoint := r.AmazonEndpoint
	if endpoint == "" {
		endpoint = amazon.Region(r.AmazonRegion).Endpoint()
	}
	client, err := amazon.New(amazon.Config{Key: r.Name, Endpoint: endpoint, LWAURL: r.LwaUrl, ClientID: r.LwaClientID,
		ClientSecret: amazon.Hide(secret), RefreshToken: amazon.Hide(token), Limiter: s.limiter, Clock: s.clock})
	if err != nil {
		return nil, fmt.Errorf("open Amazon side of %s: %w", r.Name, err)
	}
	return client, nil
}

// Queue opens the queue in which Amazon tells of changes; fault.Unavailable
// where the connection has none.
func (s *Service) Queue(ctx context.Context, id int64) (*queue.Queue, error) {
	r, err := s.row(ctx, id)
	if err != nil {
		return nil, err
	}
	if r.QueueUrl == "" {
		return nil, fault.New(fault.Unavailable, "Connection %s has no queue for notifications.", r.Name)
	}
	secret, err := s.vault.Open(r.QueueSecret, place(id, "queue_secret"))
	if err != nil {
		return nil, err
	}
	return queue.Open(ctx, queue.Address{URL: r.QueueUrl, Region: r.QueueRegion, KeyID: r.QueueKeyID, Secret: secret})
}

func (s *Service) openP21(r sqlc.Connection) (p21.System, error) {
	password, err := s.vault.Open(r.P21Password, place(r.ID, "p21_password"))
	if err != nil {
		return nil, err
	}
	secret, err := s.vault.Open(r.P21ClientSecret, place(r.ID, "p21_client_secret"))
	if err != nil {
		return nil, err
	}
	if r.P21Url == "" || (password == "" && secret == "") {
		return nil, nil
	}
	system, err := adapter.Open(r.P21Adapter, p21.Config{URL: r.P21Url, Company: r.P21Company, FunctionalCurrency: money.Currency(r.FunctionalCurrency),
		Username: r.P21Username, Password: password, ClientSecret: secret, CreditPositive: !r.P21PositiveDebit, Clock: s.clock})
	if err != nil {
		return nil, fmt.Errorf("open P21 side of %s: %w", r.Name, err)
	}
	return system, nil
}

// Step is one step of a connection's test.
type Step struct {
	Side   string // Amazon or P21
	Name   string
	OK     bool
	Detail string
}

// Test tries both sides of a connection and says what worked. It writes nothing.
func (s *Service) Test(ctx context.Context, id int64) ([]Step, error) {
	if _, err := s.row(ctx, id); err != nil {
		return nil, err
	}
	steps := append(s.testAmazon(ctx, id), s.testQueue(ctx, id)...)
	ledger, err := s.Ledger(ctx, id)
	if err != nil {
		return append(steps, Step{"P21", "Credentials", false, fault.MessageOf(err)}), nil
	}
	for _, step := range ledger.Check(ctx) {
		steps = append(steps, Step{"P21", step.Name, step.OK, step.Detail})
	}
	return steps, nil
}

func (s *Service) testAmazon(ctx context.Context, id int64) []Step {
	client, err := s.Amazon(ctx, id)
	if err != nil {
		return []Step{{"Amazon", "Credentials", false, fault.MessageOf(err)}}
	}
	marketplaces, err := client.Participations(ctx)
	if err != nil {
		return []Step{{"Amazon", "Sign in and read marketplaces", false, fault.MessageOf(err)}}
	}
	names := make([]string, 0, len(marketplaces))
	for _, m := range marketplaces {
		names = append(names, m.Domain)
	}
	return []Step{{"Amazon", "Sign in and read marketplaces", true, strings.Join(names, ", ")}}
}

// testQueue asks how many notifications wait, where there is a queue for them.
func (s *Service) testQueue(ctx context.Context, id int64) []Step {
	const name = "Queue of notifications"
	q, err := s.Queue(ctx, id)
	if fault.Is(err, fault.Unavailable) {
		return nil
	}
	if err != nil {
		return []Step{{"Amazon", name, false, fault.MessageOf(err)}}
	}
	waiting, err := q.Waiting(ctx)
	if err != nil {
		return []Step{{"Amazon", name, false, fault.MessageOf(err)}}
	}
	return []Step{{"Amazon", name, true, fmt.Sprintf("%d wait", waiting)}}
}

// Sync reads the chart of accounts and the periods from P21. When a period
// opened or closed, or an account changed, the drafts are built again.
func (s *Service) Sync(ctx context.Context, id int64, actor audit.Actor) (accounts, periods int, err error) {
	ledger, err := s.Ledger(ctx, id)
	if err != nil {
		return 0, 0, err
	}
	chart, err := ledger.Accounts(ctx)
	if err != nil {
		return 0, 0, fmt.Errorf("read chart of accounts: %w", err)
	}
	calendar, err := ledger.Periods(ctx)
	if err != nil {
		return 0, 0, fmt.Errorf("read periods: %w", err)
	}
	err = database.WithTx(ctx, s.pool, s.clock, func(tx *database.Tx) error {
		before, err := s.fingerprint(ctx, tx, id)
		if err != nil {
			return err
		}
		db := sqlc.New(tx)
		for _, a := range chart {
			err := db.UpsertAccount(ctx, sqlc.UpsertAccountParams{ConnectionID: id, Account: a.Number, Description: a.Description, AccountType: a.Type,
				Branch: a.Branch, Active: a.Active, Control: a.Control, SyncedAt: tx.Now})
			if err != nil {
				return fmt.Errorf("store account %s: %w", a.Number, err)
			}
		}
		if err := db.RetireAccounts(ctx, sqlc.RetireAccountsParams{ConnectionID: id, SyncedAt: tx.Now}); err != nil {
			return fmt.Errorf("retire accounts: %w", err)
		}
		for _, p := range calendar {
			err := db.UpsertPeriod(ctx, sqlc.UpsertPeriodParams{ConnectionID: id, FiscalYear: int32(p.FiscalYear), Number: int32(p.Number),
				StartsOn: p.Starts.Time(), EndsOn: p.Ends.Time(), Closed: p.Closed, SyncedAt: tx.Now})
			if err != nil {
				return fmt.Errorf("store period %s: %w", p.Key(), err)
			}
		}
		after, err := s.fingerprint(ctx, tx, id)
		if err != nil || after == before {
			return err
		}
		if err := s.redraft(ctx, tx, id); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Event{Actor: actor, Action: "read from P21", ObjectType: "connection", ObjectID: id, ConnectionID: id,
			After: map[string]any{"accounts": len(chart), "periods": len(calendar)}})
	})
	if err != nil {
		return 0, 0, database.Translate(fmt.Errorf("sync connection %d: %w", id, err))
	}
	return len(chart), len(calendar), nil
}

// fingerprint tells whether accounts or periods changed.
func (s *Service) fingerprint(ctx context.Context, tx *database.Tx, id int64) (string, error) {
	print, err := sqlc.New(tx).BooksFingerprint(ctx, id)
	if err != nil {
		return "", fmt.Errorf("compare accounts and periods: %w", err)
	}
	return print, nil
}

// Accounts returns the chart of accounts as last read.
func (s *Service) Accounts(ctx context.Context, id int64) ([]Account, error) {
	rows, err := sqlc.New(s.pool).AccountsOfConnection(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("read accounts of connection %d: %w", id, err)
	}
	accounts := make([]Account, len(rows))
	for i, r := range rows {
		accounts[i] = Account{r.Account, r.Description, r.AccountType, r.Branch, r.Active, r.Control, r.SyncedAt}
	}
	return accounts, nil
}

// Periods returns the periods as last read, newest first; id 0 is every
// connection's.
func (s *Service) Periods(ctx context.Context, id int64) ([]sqlc.ListPeriodsRow, error) {
	var only *int64
	if id != 0 {
		only = &id
	}
	rows, err := sqlc.New(s.pool).ListPeriods(ctx, only)
	if err != nil {
		return nil, fmt.Errorf("read periods: %w", err)
	}
	return rows, nil
}
