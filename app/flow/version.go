package flow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"tieout/app/audit"
	"tieout/app/database"
	"tieout/app/exception"
	"tieout/app/expression"
	"tieout/app/fault"
	"tieout/sqlc"
)

// trialSize is how many of the newest records a version is tried on.
const trialSize = 100

// Edition is a version in a list.
type Edition struct {
	Number int32
	Note   string
	MadeBy string // "": shipped with the program
	MadeAt time.Time
	UsedAt time.Time // when it last came into use; zero: never
	InUse  bool
}

// Editions returns a flow's versions, newest first.
func (s *Service) Editions(ctx context.Context, connectionID int64, name string) ([]Edition, error) {
	db := sqlc.New(s.Pool)
	rows, err := db.ListVersions(ctx, sqlc.ListVersionsParams{ConnectionID: connectionID, Flow: name})
	if err != nil {
		return nil, fmt.Errorf("list versions of %s: %w", name, err)
	}
	current, err := db.VersionInUse(ctx, sqlc.VersionInUseParams{ConnectionID: connectionID, Flow: name})
	if err != nil {
		return nil, fmt.Errorf("read version in use of %s: %w", name, err)
	}
	list := make([]Edition, len(rows))
	for i, r := range rows {
		list[i] = Edition{Number: r.Number, Note: r.Note, MadeBy: r.MadeName, MadeAt: r.MadeAt, InUse: r.ID == current.ID}
		if r.UsedAt.Unix() > 0 {
			list[i].UsedAt = r.UsedAt
		}
	}
	return list, nil
}

// Version returns a version whole: every field of the flow with its formula,
// and the version's checks. Number 0 is the one in use.
func (s *Service) Version(ctx context.Context, connectionID int64, name string, number int32) (Version, error) {
	f, err := s.find(name)
	if err != nil {
		return Version{}, err
	}
	db := sqlc.New(s.Pool)
	id := int64(0)
	if number == 0 {
		current, err := db.VersionInUse(ctx, sqlc.VersionInUseParams{ConnectionID: connectionID, Flow: name})
		if err != nil {
			return Version{}, fmt.Errorf("read version in use of %s: %w", name, err)
		}
		id, number = current.ID, current.Number
	} else {
		row, err := db.GetVersion(ctx, sqlc.GetVersionParams{ConnectionID: connectionID, Flow: name, Number: number})
		if errors.Is(err, pgx.ErrNoRows) {
			return Version{}, fault.New(fault.NotFound, "There is no version %d.", number)
		}
		if err != nil {
			return Version{}, fmt.Errorf("read version %d of %s: %w", number, name, err)
		}
		id = row.ID
	}
	v, err := loadVersion(ctx, db, id, number)
	if err != nil {
		return v, err
	}
	v.Fields = whole(f.Definition(), v.Fields)
	return v, nil
}

// whole lists every field of a flow, in its order, with the formulas given.
func whole(d Definition, given []Field) []Field {
	fields := slices.Clone(d.Fields)
	for i := range fields {
		at := slices.IndexFunc(given, func(g Field) bool { return g.List == fields[i].List && g.Name == fields[i].Name })
		if at >= 0 {
			fields[i].Formula = given[at].Formula
		}
	}
	return fields
}

// Moved is a field of a record that a version maps otherwise than the one in use.
type Moved struct {
	RecordID    int64
	Key         string
	Field       string
	Was, Become string
}

// Trial is what a version would have made of the newest records.
type Trial struct {
	Records int
	Changed int     // records that come out otherwise
	Moved   []Moved // the first of the differences
	Failing []Moved // records that come out today and would not; Become says why
	Healed  int     // records that fail today and would come out
}

// mostMoved is how many differences are listed.
const mostMoved = 50

// Try runs a version on the newest records beside the one in use. What is wrong
// with formulas comes back as wrong; nothing is stored.
func (s *Service) Try(ctx context.Context, connectionID int64, name string, v Version) (trial Trial, wrong []Wrong, err error) {
	f, err := s.find(name)
	if err != nil {
		return trial, nil, err
	}
	proposed, wrong := compile(f.Definition(), v)
	if len(wrong) > 0 {
		return trial, wrong, nil
	}
	current, err := s.inUse(ctx, connectionID, f.Definition())
	if err != nil {
		return trial, nil, err
	}
	rows, err := sqlc.New(s.Pool).RecentContents(ctx, sqlc.RecentContentsParams{ConnectionID: connectionID, Flow: name, Size: trialSize})
	if err != nil {
		return trial, nil, fmt.Errorf("read newest records: %w", err)
	}
	for _, row := range rows {
		content, err := s.masked(ctx, f, row.ID, row.Number, row.Source)
		if err != nil {
			return trial, nil, err
		}
		source, err := f.Read(content)
		if err != nil {
			continue // it comes out in no version
		}
		trial.compare(row.ID, row.Key, current, proposed, source)
	}
	return trial, nil, nil
}

func (t *Trial) compare(id int64, key string, current, proposed Rules, source Source) {
	t.Records++
	before, failedBefore := current.Apply(source)
	after, failedAfter := proposed.Apply(source)
	was, now := stopping(failedBefore), stopping(failedAfter)
	switch {
	case was == "" && now != "":
		t.Failing = append(t.Failing, Moved{RecordID: id, Key: key, Become: now})
	case was != "" && now == "":
		t.Healed++
	}
	moved := differences(before, after)
	if len(moved) > 0 {
		t.Changed++
	}
	for _, m := range moved {
		if len(t.Moved) < mostMoved {
			m.RecordID, m.Key = id, key
			t.Moved = append(t.Moved, m)
		}
	}
}

func stopping(failed []Failed) string {
	var words []string
	for _, f := range failed {
		if f.Severity == Stops {
			words = append(words, f.String())
		}
	}
	return strings.Join(words, " ")
}

// differences compares what two versions made of one record.
func differences(before, after Mapped) (moved []Moved) {
	collect := func(prefix string, a, b map[string]any) {
		for _, name := range slices.Sorted(maps.Keys(union(a, b))) {
			if was, become := shown(a[name]), shown(b[name]); was != become {
				moved = append(moved, Moved{Field: prefix + name, Was: was, Become: become})
			}
		}
	}
	collect("", before.Header, after.Header)
	for _, list := range slices.Sorted(maps.Keys(after.Lists)) {
		for i := range after.Lists[list] {
			collect(fmt.Sprintf("%s %d, ", list, i+1), before.Lists[list][i], after.Lists[list][i])
		}
	}
	return moved
}

func union(a, b map[string]any) map[string]any {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

func shown(value any) string {
	if value == nil {
		return ""
	}
	return fmt.Sprint(value)
}

// Save stores a new version that is not in use yet, and returns its number.
func (s *Service) Save(ctx context.Context, connectionID int64, name string, v Version, note string, actor audit.Actor) (number int32, err error) {
	f, err := s.find(name)
	if err != nil {
		return 0, err
	}
	if _, wrong := compile(f.Definition(), v); len(wrong) > 0 {
		return 0, fault.New(fault.Invalid, "%s: %v", wrong[0].Name, wrong[0].Err)
	}
	if strings.TrimSpace(note) == "" {
		return 0, fault.InvalidFields(map[string]string{"note": "Say in a few words what changes and why."})
	}
	err = pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		db := sqlc.New(tx)
		row, err := db.AddVersion(ctx, sqlc.AddVersionParams{ConnectionID: connectionID, Flow: name, Note: note, MadeBy: database.Key(actor.PersonID)})
		if err != nil {
			return fmt.Errorf("store version of %s: %w", name, err)
		}
		number = row.Number
		if err := addRules(ctx, db, row.ID, whole(f.Definition(), v.Fields), v.Checks); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Event{Actor: actor, Action: "saved", ObjectType: "flow_version", ObjectID: row.ID, ConnectionID: connectionID, Reason: note})
	})
	return number, err
}

// Use puts a version, new or old, into use. It is tried on the newest records
// first: a version under which a formula fails that came out before is refused.
// Records that waited on a formula or a check are mapped anew.
func (s *Service) Use(ctx context.Context, connectionID int64, name string, number int32, actor audit.Actor) error {
	v, err := s.Version(ctx, connectionID, name, number)
	if err != nil {
		return err
	}
	trial, wrong, err := s.Try(ctx, connectionID, name, v)
	if err != nil {
		return err
	}
	if len(wrong) > 0 {
		return fault.New(fault.Invalid, "%s: %v", wrong[0].Name, wrong[0].Err)
	}
	if len(trial.Failing) > 0 {
		first := trial.Failing[0]
		return fault.New(fault.Conflict, "Version %d stops %d of the newest %d records that come out today. %s: %s", number, len(trial.Failing), trial.Records, first.Key, first.Become)
	}
	return pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		if err := sqlc.New(tx).UseVersion(ctx, sqlc.UseVersionParams{VersionID: v.ID, PersonID: database.Key(actor.PersonID)}); err != nil {
			return fmt.Errorf("use version %d of %s: %w", number, name, err)
		}
		if err := s.releaseRules(ctx, tx, connectionID, name, actor); err != nil {
			return err
		}
		return audit.Write(ctx, tx, audit.Event{Actor: actor, Action: "put into use", ObjectType: "flow_version", ObjectID: v.ID, ConnectionID: connectionID, After: map[string]any{"flow": name, "number": number}})
	})
}

// releaseRules lets records go on that the version before held back.
func (s *Service) releaseRules(ctx context.Context, tx pgx.Tx, connectionID int64, name string, actor audit.Actor) error {
	d, err := s.Definition(name)
	if err != nil {
		return err
	}
	classes := []string{string(exception.MappingFailed), string(exception.CheckFailed), string(exception.StockDifference), string(exception.InboundDifference), string(exception.StockLost)}
	if d.Renews {
		classes = append(classes, string(exception.DeliveryRefused))
	}
	causes, err := sqlc.New(tx).RuleCauses(ctx, sqlc.RuleCausesParams{ConnectionID: connectionID, Flow: name, Classes: classes})
	if err != nil {
		return fmt.Errorf("read causes of %s: %w", name, err)
	}
	for _, c := range causes {
		if _, err := s.Release(ctx, tx, connectionID, exception.Class(c.Class), c.Cause, "Mapped anew by another version.", actor); err != nil {
			return err
		}
	}
	if !d.Renews {
		return nil
	}
	if err := sqlc.New(tx).RenewRecords(ctx, sqlc.RenewRecordsParams{ConnectionID: connectionID, Flow: name}); err != nil {
		return fmt.Errorf("renew records of %s: %w", name, err)
	}
	return s.Jobs.WorkFlow(ctx, tx, connectionID, name, 1)
}

// Preview evaluates one formula on one record, for the person who writes it: on
// the record itself, or on each element of a list. The texts come in that order.
func (s *Service) Preview(ctx context.Context, recordID int64, list, formula string, want expression.Type) ([]string, error) {
	record, err := sqlc.New(s.Pool).GetRecord(ctx, recordID)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, fault.New(fault.NotFound, "There is no record %d.", recordID)
	}
	if err != nil {
		return nil, fmt.Errorf("read record %d: %w", recordID, err)
	}
	f, err := s.find(record.Flow)
	if err != nil {
		return nil, err
	}
	content, err := sqlc.New(s.Pool).ContentOfRecord(ctx, sqlc.ContentOfRecordParams{RecordID: recordID, Number: record.Content})
	if err != nil {
		return nil, fmt.Errorf("read content of record %d: %w", recordID, err)
	}
	masked, err := s.masked(ctx, f, recordID, record.Content, content.Source)
	if err != nil {
		return nil, err
	}
	return preview(f, masked, list, formula, want)
}

func preview(f Flow, content json.RawMessage, list, formula string, want expression.Type) ([]string, error) {
	source, err := f.Read(content)
	if err != nil {
		return nil, err
	}
	compiled, err := expression.Compile(formula, f.Definition().Environments[list], want)
	if err != nil {
		return nil, fault.New(fault.Invalid, "%v", err)
	}
	var texts []string
	each(source, list, func(_ int, environment any) {
		value, failed := compiled.Eval(environment)
		if failed != nil && err == nil {
			err = fault.New(fault.Invalid, "%v", failed)
		}
		texts = append(texts, shown(value))
	})
	return texts, err
}

// PreviewCheck tells whether a check holds on a record.
func (s *Service) PreviewCheck(ctx context.Context, recordID int64, c Check) (bool, error) {
	texts, err := s.Preview(ctx, recordID, c.List, c.Formula, expression.Flag)
	return err == nil && !slices.Contains(texts, "false"), err
}
