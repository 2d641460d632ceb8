package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/klauspost/compress/zstd"

	"tieout/app/amazon"
)

// keeps looks for every secret and every buyer of a world in what the program
// wrote: its log, every row of every table, what stands compressed there, and the
// files of the database with its write-ahead log. None may be found; open, a text
// that is no secret, must be, in tables and in files.
func (w *world) keeps(ctx context.Context, env environment, open string) error {
	n, secrets, buyers, err := w.guarded(ctx)
	if err != nil {
		return fmt.Errorf("gather secrets: %w", err)
	}
	if secrets == 0 || buyers == 0 {
		return fmt.Errorf("nothing to look for: %d secrets, %d texts of buyers", secrets, buyers)
	}
	n.add(inTheOpen, open)
	begun := time.Now()
	search, err := newSearch(n)
	if err != nil {
		return err
	}
	defer search.unzip.Close()
	conn, err := w.owner(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }() // nothing was written
	if err := errors.Join(search.logs(w.data), search.rows(ctx, conn), search.files(ctx, conn, w.folder)); err != nil {
		return err
	}
	if !search.open["table"] || !search.open["file"] {
		return fmt.Errorf("%s stands in the database and was not found: the search finds nothing", open)
	}
	say(env, "\n%d secrets and %d names, addresses and numbers of buyers were looked for in %d lines of logs, %d tables and %d MB of the database's files, in %s.",
		secrets, buyers, search.lines, search.tables, search.bytes>>20, time.Since(begun).Round(100*time.Millisecond))
	for _, f := range search.found[:min(len(search.found), shownDifferences)] {
		say(env, "  %s", f)
	}
	if len(search.found) > 0 {
		return fmt.Errorf("%d of them stand in clear: %w", len(search.found), errProblems)
	}
	return nil
}

// guarded is what no log and no table may hold in clear, and how much of it there is.
func (w *world) guarded(ctx context.Context) (n *needles, secrets, buyers int, err error) {
	n = newNeedles()
	secret := func(what, text string) {
		if n.add(what, text) {
			secrets++
		}
	}
	secret("the vault key", w.config.VaultKey.Reveal())
	secret("the client secret at the identity provider", w.config.OIDCClientSecret.Reveal())
	for _, side := range w.sandbox.Connections() {
		secret("Amazon's client secret", side.ClientSecret)
		secret("Amazon's refresh token", side.RefreshToken)
		secret("P21's password", side.P21Password)
		secret("the queue's secret", side.QueueSecret)
	}
	hooks, err := w.signing(ctx)
	if err != nil {
		return nil, 0, 0, err
	}
	for _, hook := range hooks {
		secret("a webhook's secret", hook)
	}
	for _, p := range w.signedIn {
		for _, cookie := range p.cookies() {
			secret("a session's cookie", cookie)
		}
	}
	people, err := w.buyers()
	if err != nil {
		return nil, 0, 0, err
	}
	for _, text := range people {
		if n.add("a buyer", text) {
			buyers++
		}
	}
	return n, secrets, buyers, nil
}

// cookies are the values that let a clerk in.
func (p *clerk) cookies() (values []string) {
	base, err := url.Parse(p.base)
	jar, ok := p.client.Jar.(*cookiejar.Jar)
	if err != nil || !ok {
		return nil
	}
	for _, c := range jar.Cookies(base) {
		values = append(values, c.Value)
	}
	return values
}

// signing are the secrets that sign webhooks.
func (w *world) signing(ctx context.Context) (secrets []string, err error) {
	rows, err := w.pool.Query(ctx, `SELECT id, secret FROM alert_channel WHERE secret IS NOT NULL`)
	if err != nil {
		return nil, fmt.Errorf("read webhooks: %w", err)
	}
	var id int64
	var sealed []byte
	_, err = pgx.ForEachRow(rows, []any{&id, &sealed}, func() error {
		secret, err := w.program.secrets.Open(sealed, fmt.Sprintf("alert_channel/%d/secret", id))
		secrets = append(secrets, secret)
		return err
	})
	return secrets, err
}

// buyers are the texts that name or address somebody who bought, at Amazon or in
// a web shop, as both sides have them. Towns and postal codes are not among them:
// a town stays readable, and a number of five digits stands everywhere.
func (w *world) buyers() (texts []string, err error) {
	for _, side := range w.sandbox.Connections() {
		orders, err := w.sandbox.Amazon.Orders(side.Name, time.Time{})
		if err != nil {
			return nil, err
		}
		for _, o := range orders {
			texts = append(texts, ofBuyer(o)...)
		}
		for _, o := range w.sandbox.P21.Orders(side.P21Company) {
			if o.Source == dayShop {
				texts = append(texts, o.ShipTo.Name, o.ShipTo.Line1, o.ShipTo.Line2, o.ShipTo.Phone, o.ShipTo.Email)
			}
		}
	}
	slices.Sort(texts)
	return slices.Compact(texts), nil
}

func ofBuyer(o amazon.Order) []string {
	a := o.Recipient.Address
	return []string{o.Buyer.Name, o.Buyer.Email, o.Buyer.Company, o.Buyer.PurchaseOrder, a.Name, a.Company, a.Line1, a.Line2, a.Phone}
}

// searching is a search and what it has come to.
type searching struct {
	needles *needles
	unzip   *zstd.Decoder
	found   []string
	open    map[string]bool // kinds of places where what is no secret was found
	lines   int
	tables  int
	bytes   int64
}

func newSearch(n *needles) (*searching, error) {
	unzip, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, fmt.Errorf("make decoder: %w", err)
	}
	return &searching{needles: n, unzip: unzip, open: map[string]bool{}}, nil
}

func (s *searching) look(where string, r io.Reader) error {
	found, err := s.needles.search(r)
	s.take(where, found)
	if err != nil {
		return fmt.Errorf("search %s: %w", where, err)
	}
	return nil
}

// inTheOpen is what the text is that is no secret.
const inTheOpen = "no secret"

// take keeps what was found somewhere; the first word of where is its kind.
func (s *searching) take(where string, found []string) {
	for _, f := range found {
		if strings.HasPrefix(f, inTheOpen) {
			kind, _, _ := strings.Cut(where, " ")
			s.open[kind] = true
			continue
		}
		s.found = append(s.found, where+": "+f)
	}
}

// token matches what proves somebody's identity to another program.
var token = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]+|Bearer +[A-Za-z0-9._-]{8,}|Atz[ar]\|[A-Za-z0-9._-]+`)

// logs searches what processes have logged, for tokens too that nobody outside
// knows.
func (s *searching) logs(folder string) error {
	paths, err := filepath.Glob(filepath.Join(folder, "*.log"))
	if err != nil {
		return fmt.Errorf("look for logs: %w", err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("read log: %w", err)
		}
		s.lines += bytes.Count(text, []byte("\n"))
		for _, match := range token.FindAll(text, -1) {
			s.found = append(s.found, fmt.Sprintf("log %s: a token: %s", filepath.Base(path), match))
		}
		if err := s.look("log "+filepath.Base(path), bytes.NewReader(text)); err != nil {
			return err
		}
	}
	if s.lines == 0 {
		return errors.New("nothing was logged")
	}
	return nil
}

// rows searches every table as text, as a dump has it, and what its columns of
// bytes hold when they are unpacked.
func (s *searching) rows(ctx context.Context, conn *pgx.Conn) error {
	rows, err := conn.Query(ctx, `
		SELECT quote_ident(c.relname), coalesce((SELECT string_agg(quote_ident(a.attname), ',') FROM pg_attribute a WHERE a.attrelid = c.oid AND a.atttypid = 'bytea'::regtype AND a.attnum > 0 AND NOT a.attisdropped), '')
		FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' ORDER BY 1`)
	if err != nil {
		return fmt.Errorf("list tables: %w", err)
	}
	type table struct{ name, packed string }
	tables, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (t table, err error) { return t, row.Scan(&t.name, &t.packed) })
	if err != nil {
		return fmt.Errorf("list tables: %w", err)
	}
	s.tables = len(tables)
	for _, t := range tables {
		in, out := io.Pipe()
		go func() {
			_, err := conn.PgConn().CopyTo(ctx, out, "COPY "+t.name+" TO STDOUT")
			_ = out.CloseWithError(err) // a pipe always takes it
		}()
		if err := s.look("table "+t.name, in); err != nil {
			return err
		}
		if t.packed == "" {
			continue
		}
		for column := range strings.SplitSeq(t.packed, ",") {
			if err := s.unpacked(ctx, conn, t.name, column); err != nil {
				return err
			}
		}
	}
	return nil
}

// owner is a session of whoever may read everything.
func (w *world) owner(ctx context.Context) (*pgx.Conn, error) {
	address, err := w.postgres.Database(ctx, demoDatabase)
	if err != nil {
		return nil, err
	}
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	return conn, nil
}

// unpacked searches what a column holds that is compressed.
func (s *searching) unpacked(ctx context.Context, conn *pgx.Conn, table, column string) error {
	rows, err := conn.Query(ctx, fmt.Sprintf(`SELECT %[2]s FROM %[1]s WHERE substring(%[2]s FROM 1 FOR 4) = '\x28b52ffd' OR substring(%[2]s FROM 1 FOR 2) = '\x1f8b'`, table, column))
	if err != nil {
		return fmt.Errorf("read %s of %s: %w", column, table, err)
	}
	var value []byte
	_, err = pgx.ForEachRow(rows, []any{&value}, func() error {
		plain, err := s.unpack(value)
		if err != nil {
			return fmt.Errorf("unpack %s of %s: %w", column, table, err)
		}
		s.take("unpacked "+table+"."+column, s.needles.within(plain, map[string]bool{}, nil))
		return nil
	})
	return err
}

func (s *searching) unpack(packed []byte) ([]byte, error) {
	if packed[0] != 0x1f {
		return s.unzip.DecodeAll(packed, nil)
	}
	in, err := gzip.NewReader(bytes.NewReader(packed))
	if errors.Is(err, gzip.ErrHeader) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, nil // a hash that begins like it; it was searched as it is
	}
	if err != nil {
		return nil, err
	}
	return io.ReadAll(in)
}

// files searches what the database has written to the disk, its write-ahead log
// included.
func (s *searching) files(ctx context.Context, conn *pgx.Conn, data string) error {
	if _, err := conn.Exec(ctx, "CHECKPOINT"); err != nil {
		return fmt.Errorf("write the database to the disk: %w", err)
	}
	for _, folder := range []string{"base", "pg_wal"} {
		err := filepath.WalkDir(filepath.Join(data, folder), func(path string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.Type().IsRegular() {
				return ignoreGone(err)
			}
			file, err := os.Open(path)
			if err != nil {
				return ignoreGone(err)
			}
			defer func() { _ = file.Close() }() // nothing was written
			if info, err := file.Stat(); err == nil {
				s.bytes += info.Size()
			}
			return s.look("file "+folder+"/"+entry.Name(), file)
		})
		if err != nil {
			return fmt.Errorf("search the database's files: %w", err)
		}
	}
	return nil
}

// ignoreGone passes over a file that the running database has removed meanwhile.
func ignoreGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
