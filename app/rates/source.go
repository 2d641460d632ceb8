package rates

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"time"

	"tieout/app/audit"
	"tieout/app/database"
	"tieout/app/document"
	"tieout/app/fault"
	"tieout/app/money"
	"tieout/app/period"
	"tieout/sqlc"
)

// back is how far sources are read into the past, at most: years without a
// settlement need no rates.
const back = 400

// Source gets daily files from the addresses that administrators name.
type Source struct {
	client *http.Client
}

// NewSource returns a source; client decides where it may go.
func NewSource(client *http.Client) *Source { return &Source{client} }

// CheckURL tells what is wrong with the address of a daily file; nil when
// nothing is.
func CheckURL(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "" || (u.Scheme != "https" && u.Scheme != "http"):
		return fault.New(fault.Invalid, "An address such as https://www.ecb.europa.eu/stats/eurofxref/eurofxref-hist-90d.xml.")
	case u.User != nil || u.Fragment != "":
		return fault.New(fault.Invalid, "The address must not hold a name, a password or a part after #.")
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return fault.New(fault.Invalid, "The address needs https; http is for this machine only.")
	}
	return nil
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}

// get returns a daily file as it is.
func (x *Source) get(ctx context.Context, address string) ([]byte, string, error) {
	if err := CheckURL(address); err != nil {
		return nil, "", err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, "", fmt.Errorf("make request: %w", err)
	}
	answer, err := x.client.Do(request)
	if err != nil {
		return nil, "", fault.Wrap(err, fault.Unavailable, "%s does not answer.", request.URL.Host)
	}
	defer func() { _ = answer.Body.Close() }() // what matters was read
	if answer.StatusCode != http.StatusOK {
		return nil, "", fault.New(fault.Unavailable, "%s answers %s.", request.URL.Host, answer.Status)
	}
	content, err := io.ReadAll(io.LimitReader(answer.Body, dailyBytes+1))
	if err != nil {
		return nil, "", fault.Wrap(err, fault.Unavailable, "%s broke off its answer.", request.URL.Host)
	}
	if len(content) > dailyBytes {
		return nil, "", fault.New(fault.Invalid, "%s sends more than %d MB, which no daily file is.", request.URL.Host, dailyBytes>>20)
	}
	return content, answer.Header.Get("Content-Type"), nil
}

// Readings returns what the last look at each source came to.
func (s *Service) Readings(ctx context.Context) ([]Reading, error) {
	rows, err := sqlc.New(s.Pool).RateReadings(ctx)
	if err != nil {
		return nil, fmt.Errorf("read what sources said: %w", err)
	}
	list := make([]Reading, len(rows))
	for i, r := range rows {
		list[i] = Reading{r.ConnectionID, Origin(r.Origin), r.ReadAt, orZero(r.DocumentID), int(r.Rates), int(r.Stored), r.Problem}
	}
	return list, nil
}

// Read asks the sources of a connection for the rates that its settlements
// need. What a person has entered stays, and a move that is larger than the
// settings let pass is left to a person. A source that fails keeps the other
// from nothing.
func (s *Service) Read(ctx context.Context, connectionID int64, actor audit.Actor) error {
	list, err := s.Settings(ctx, connectionID)
	if err != nil {
		return err
	}
	for _, x := range list {
		wanted, err := s.wanted(ctx, x)
		if err != nil {
			return err
		}
		if len(wanted.since) == 0 {
			continue // every settlement is in the company's own currency
		}
		if x.FromP21 && s.Ledger != nil {
			if err := s.readLedger(ctx, x, wanted, actor); err != nil {
				return err
			}
		}
		if x.DailyURL != "" && s.Source != nil {
			if err := s.readDaily(ctx, x, wanted, actor); err != nil {
				return err
			}
		}
	}
	return nil
}

// wanted are the currencies that a connection converts, and since when.
type wanted struct {
	since map[money.Currency]period.Date
	from  period.Date
	also  []money.Currency // the company's own, and the pivot
}

func (s *Service) wanted(ctx context.Context, x Settings) (wanted, error) {
	w := wanted{since: map[money.Currency]period.Date{}, also: []money.Currency{x.Functional, x.Pivot}}
	rows, err := sqlc.New(s.Pool).CurrenciesOf(ctx, x.ConnectionID)
	if err != nil {
		return w, fmt.Errorf("read currencies of settlements: %w", err)
	}
	oldest := period.DateOf(s.Clock.Now()).AddDays(-back)
	w.from = period.DateOf(s.Clock.Now())
	for _, r := range rows {
		if r.Currency == string(x.Functional) {
			continue
		}
		since := period.DateOf(r.Since).AddDays(-Age)
		if since.Before(oldest) {
			since = oldest
		}
		w.since[money.Currency(r.Currency)] = since
		if since.Before(w.from) {
			w.from = since
		}
	}
	return w, nil
}

// keep reports whether a rate is of any use to the connection.
func (w wanted) keep(p Pair, on period.Date) bool {
	return !on.Before(w.from) && w.uses(p.Base) && w.uses(p.Quote)
}

func (w wanted) uses(c money.Currency) bool {
	if _, ok := w.since[c]; ok {
		return true
	}
	return c == w.also[0] || c == w.also[1]
}

func (s *Service) readLedger(ctx context.Context, x Settings, w wanted, actor audit.Actor) error {
	told, err := s.Ledger(ctx, x.ConnectionID, w.from)
	if err != nil {
		return s.note(ctx, Reading{ConnectionID: x.ConnectionID, Origin: P21, Problem: fault.MessageOf(err)})
	}
	var list []Entry
	for _, e := range told {
		if w.keep(e.Pair, e.On) {
			e.Value = rounded(e.Value)
			list = append(list, e)
		}
	}
	return s.take(ctx, x, list, How{Origin: P21, Source: "Prophet 21"}, actor)
}

func (s *Service) readDaily(ctx context.Context, x Settings, w wanted, actor audit.Actor) error {
	failed := Reading{ConnectionID: x.ConnectionID, Origin: Daily}
	content, kind, err := s.Source.get(ctx, x.DailyURL)
	if err != nil {
		failed.Problem = fault.MessageOf(err)
		return s.note(ctx, failed)
	}
	address, err := url.Parse(x.DailyURL)
	if err != nil {
		return fmt.Errorf("read address of daily file: %w", err)
	}
	doc, _, err := s.Documents.Put(ctx, document.Meta{ConnectionID: x.ConnectionID, Kind: document.DailyRates, Name: x.DailyURL, Source: document.FromWeb, ContentType: kind}, bytes.NewReader(content))
	if err != nil {
		return err
	}
	failed.DocumentID = doc.ID
	list, err := ParseDaily(content, w.keep)
	if err != nil {
		failed.Problem = fault.MessageOf(err)
		return s.note(ctx, failed)
	}
	return s.take(ctx, x, list, How{Origin: Daily, Source: address.Host, DocumentID: doc.ID}, actor)
}

// take stores what a source says, but for what another source or a person has
// said, and for what a person has to decide.
func (s *Service) take(ctx context.Context, x Settings, list []Entry, how How, actor audit.Actor) error {
	reading := Reading{ConnectionID: x.ConnectionID, Origin: how.Origin, DocumentID: how.DocumentID, Rates: len(list)}
	for i := range list {
		list[i].ConnectionID, list[i].Reason = x.ConnectionID, "read again from "+how.Source
		if _, words := list[i].Problem(); words != "" {
			reading.Problem = fmt.Sprintf("%s says of %s: %s", how.Source, list[i].On, words)
			return s.note(ctx, reading)
		}
	}
	list, err := s.unknown(ctx, x, list)
	if err != nil {
		return err
	}
	changes, err := compare(ctx, s.Pool, list, false)
	if err != nil {
		return err
	}
	var usual []Entry
	for _, c := range changes {
		switch {
		case c.Sort == Changed && c.origin != how.Origin:
		case c.Unusual():
			reading.Problem = c.Words() + ". It is not in force: enter it by hand if it is right."
		default:
			usual = append(usual, c.Entry)
		}
	}
	reading.Stored = len(usual)
	if len(usual) > 0 {
		how.Confirmed = true // looked at above
		if _, err := s.Store(ctx, usual, how, actor); err != nil {
			return err
		}
	}
	return s.note(ctx, reading)
}

// unknown leaves out what is in force as it is told.
func (s *Service) unknown(ctx context.Context, x Settings, list []Entry) ([]Entry, error) {
	if len(list) == 0 {
		return nil, nil
	}
	codes, since, until := []string{}, list[0].On, list[0].On
	for _, e := range list {
		codes = append(codes, string(e.Base), string(e.Quote))
		if e.On.Before(since) {
			since = e.On
		}
		if until.Before(e.On) {
			until = e.On
		}
	}
	slices.Sort(codes)
	rows, err := sqlc.New(s.Pool).RatesBetween(ctx, sqlc.RatesBetweenParams{ConnectionID: x.ConnectionID, SinceOn: since.Time(), UntilOn: until.Time(), Currencies: slices.Compact(codes)})
	if err != nil {
		return nil, fmt.Errorf("read exchange rates: %w", err)
	}
	known := map[string]bool{}
	for _, r := range rows {
		known[fmt.Sprint(orZero(r.ConnectionID), pair(r.Base, r.Quote), period.DateOf(r.RateOn), r.Rate)] = true
	}
	return slices.DeleteFunc(list, func(e Entry) bool { return known[fmt.Sprint(e.ConnectionID, e.Pair, e.On, e.Value)] }), nil
}

func (s *Service) note(ctx context.Context, r Reading) error {
	return s.change(ctx, "note what a source said", func(tx *database.Tx) error {
		return sqlc.New(tx).PutRateReading(ctx, sqlc.PutRateReadingParams{ConnectionID: r.ConnectionID, Origin: string(r.Origin), ReadAt: tx.Now, DocumentID: database.Key(r.DocumentID),
			Rates: int32(r.Rates), Stored: int32(r.Stored), Problem: r.Problem})
	})
}
