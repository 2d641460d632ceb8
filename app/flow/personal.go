package flow

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"tieout/app/audit"
	"tieout/app/exception"
	"tieout/app/fault"
	"tieout/app/outbound"
	"tieout/app/personal"
	"tieout/sqlc"
)

// Personal is a Flow whose contents name or address persons. What it names is
// stored sealed and apart; the flow's methods get everything whole.
type Personal interface {
	// Personal says where; the fields of the Definition that are marked Personal
	// are known besides.
	Personal() Places
}

// Places are paths to personal data: names with dots between, [] for every
// element of a list.
type Places struct {
	Content []string // from a content down
	Payload []string // from a message's payload down
}

// placesOf returns where a flow's personal data is, false when it has none.
func placesOf(f Flow) (Places, bool) {
	p, ok := f.(Personal)
	if !ok {
		return Places{}, false
	}
	return p.Personal(), true
}

// personalFields are the paths of mapped fields that tell of a person.
func (d Definition) personalFields() (paths []string) {
	for _, f := range d.Fields {
		switch {
		case f.Personal && f.List == "":
			paths = append(paths, "header."+f.Name)
		case f.Personal:
			paths = append(paths, "lists."+f.List+"[]."+f.Name)
		}
	}
	return paths
}

// arrival is an Arrival as it is stored.
type arrival struct {
	Arrival // its content redacted
	part    personal.Part
	hash    []byte
}

// sealed prepares a page for storage and says whether its document tells of
// persons.
func (s *Service) sealed(ctx context.Context, f Flow, p Page) (arrivals []arrival, tells bool, err error) {
	places, is := placesOf(f)
	for _, a := range p.Arrivals {
		sum := sha256.Sum256(a.Content)
		one := arrival{Arrival: a, hash: sum[:]}
		if is {
			if one, err = s.split(ctx, f.Definition().Name, one, places); err != nil {
				return nil, false, err
			}
		}
		arrivals = append(arrivals, one)
		tells = tells || len(one.part) > 0
	}
	return arrivals, tells || is && personal.Tells(p.Raw, places.Content), nil
}

func (s *Service) split(ctx context.Context, name string, a arrival, places Places) (arrival, error) {
	redacted, part, err := personal.Split(a.Content, places.Content, nil)
	if err != nil || len(part) == 0 {
		return a, err
	}
	if a.hash, err = s.Personal.Hash(ctx, name+"/"+a.Key, a.Content); err != nil {
		return a, err
	}
	a.Content, a.part = redacted, part
	return a, nil
}

// mention notes which records a sealed document tells of.
func mention(ctx context.Context, tx pgx.Tx, connectionID int64, name string, documentID int64, arrivals []arrival) error {
	keys := make([]string, len(arrivals))
	for i, a := range arrivals {
		keys[i] = a.Key
	}
	err := sqlc.New(tx).MentionRecords(ctx, sqlc.MentionRecordsParams{DocumentID: documentID, ConnectionID: connectionID, Flow: name, Keys: keys})
	if err != nil {
		return fmt.Errorf("note whom document %d tells of: %w", documentID, err)
	}
	return nil
}

func contentPlace(number int32) string { return fmt.Sprintf("content/%d", number) }
func payloadPlace(id int64) string     { return fmt.Sprintf("payload/%d", id) }

const targetPlace = "target"

// unseal opens what a worker needs of a record; w.words are not to be written
// down anywhere from then on.
func (w worker) unseal(ctx context.Context, r sqlc.ClaimRecordsRow) (worker, sqlc.ClaimRecordsRow, error) {
	if _, is := placesOf(w.flow); !is || w.Personal == nil {
		return w, r, nil
	}
	var err error
	if w.part, err = w.Personal.Open(ctx, w.Pool, r.ID, contentPlace(r.Content)); err != nil {
		return w, r, err
	}
	target, err := w.Personal.Open(ctx, w.Pool, r.ID, targetPlace)
	if err != nil {
		return w, r, err
	}
	if r.Target, err = personal.Join(r.Target, target); err != nil {
		return w, r, fmt.Errorf("read target of %s: %w", r.Key, err)
	}
	w.words = append(w.part, target...).Words()
	return w, r, nil
}

// whole is a content with its personal part. A purge that came before the work
// leaves nothing to go on with.
func (w worker) whole(ctx context.Context, r sqlc.ClaimRecordsRow, content sqlc.ContentOfRecordRow) (json.RawMessage, error) {
	if _, is := placesOf(w.flow); !is || len(w.part) > 0 {
		return personal.Join(content.Source, w.part)
	}
	facts, err := w.Personal.Facts(ctx, r.ID)
	if err != nil {
		return nil, err
	}
	if facts.PurgedAt != nil && !content.ReceivedAt.After(*facts.PurgedAt) {
		return nil, &Obstacle{Class: exception.MappingFailed, Cause: w.definition.Name + "/" + r.Key + "/personal data", Title: r.Key + ": its personal data was destroyed",
			Words: "Its personal data was destroyed on " + facts.PurgedAt.UTC().Format(time.DateOnly) + "; it cannot be mapped again."}
	}
	return content.Source, nil
}

// outcome is what a record was mapped to, as it is stored.
type outcome struct {
	target []byte // redacted
	part   personal.Part
	same   bool // the other side holds just this
}

func (w worker) outcome(ctx context.Context, r sqlc.ClaimRecordsRow, m Mapped) (o outcome, err error) {
	target, _, err := encode(m)
	if err != nil {
		return o, err
	}
	if o.same, err = w.holds(ctx, r.DeliveredHash, target); err != nil {
		return o, err
	}
	o.target = target
	if _, is := placesOf(w.flow); is && len(w.part) > 0 {
		o.target, o.part, err = personal.Split(target, w.definition.personalFields(), w.words)
	}
	return o, err
}

// holds reports whether a delivered target had this hash, keyed or not.
func (w worker) holds(ctx context.Context, delivered, target []byte) (bool, error) {
	plain, err := hashOf(target)
	if err != nil || bytes.Equal(plain, delivered) {
		return err == nil, err
	}
	if _, is := placesOf(w.flow); !is || w.Personal == nil || len(delivered) == 0 {
		return false, nil
	}
	keyed, err := w.keyed(ctx, target)
	return bytes.Equal(keyed, delivered), err
}

func (w worker) keyed(ctx context.Context, target []byte) ([]byte, error) {
	plain, err := hashOf(target)
	if err != nil {
		return nil, err
	}
	return w.Personal.Hash(ctx, w.definition.Name+"/target", plain)
}

// keep seals what a record was mapped to, within the transaction that stores
// the rest of it.
func (w worker) keep(ctx context.Context, tx pgx.Tx, recordID int64, place string, part personal.Part) error {
	if _, is := placesOf(w.flow); !is || w.Personal == nil {
		return nil
	}
	return w.Personal.Seal(ctx, tx, recordID, place, part)
}

// heldHash is the hash of the target that the other side holds now.
func (w worker) heldHash(ctx context.Context, tx pgx.Tx, recordID int64, target []byte) ([]byte, error) {
	if _, is := placesOf(w.flow); !is || w.Personal == nil {
		return hashOf(target)
	}
	part, err := w.Personal.Open(ctx, tx, recordID, targetPlace)
	if err != nil {
		return nil, err
	}
	if len(part) == 0 {
		return hashOf(target)
	}
	joined, err := personal.Join(target, part)
	if err != nil {
		return nil, err
	}
	return w.keyed(ctx, joined)
}

// redactMessage takes personal data out of a message; its hash is of the whole.
func (w worker) redactMessage(ctx context.Context, m Message) (outbound.Message, personal.Part, error) {
	stored := outbound.Message{Kind: m.Kind, Target: m.Target, Reference: m.Reference, Payload: m.Payload}
	places, is := placesOf(w.flow)
	if !is || len(w.part) == 0 {
		return stored, nil, nil
	}
	redacted, part, err := personal.Split(m.Payload, places.Payload, w.words)
	if err != nil || len(part) == 0 {
		return stored, nil, err
	}
	stored.Payload = redacted
	stored.Hash, err = w.Personal.Hash(ctx, m.Kind+"/"+m.Reference, m.Payload)
	return stored, part, err
}

// private gives a target messages whole, and lets nothing personal out of its
// answers.
type private struct {
	outbound.Target
	part  personal.Part
	words personal.Words
}

// guarded makes the target of a record private when the record is.
func (w worker) guarded(ctx context.Context, t outbound.Target, recordID, messageID int64) (outbound.Target, error) {
	if _, is := placesOf(w.flow); !is || w.Personal == nil {
		return t, nil
	}
	part, err := w.Personal.Open(ctx, w.Pool, recordID, payloadPlace(messageID))
	if err != nil {
		return nil, err
	}
	return private{t, part, w.words}, nil
}

func (p private) whole(m outbound.Message) (outbound.Message, error) {
	var err error
	m.Payload, err = personal.Join(m.Payload, p.part)
	return m, err
}

func (p private) Find(ctx context.Context, m outbound.Message) ([]outbound.Found, error) {
	m, err := p.whole(m)
	if err != nil {
		return nil, err
	}
	found, err := p.Target.Find(ctx, m)
	for i := range found {
		found[i].Difference = p.words.Redact(found[i].Difference)
	}
	return found, p.quiet(err)
}

func (p private) Send(ctx context.Context, m outbound.Message) (string, error) {
	m, err := p.whole(m)
	if err != nil {
		return "", err
	}
	key, err := p.Target.Send(ctx, m)
	return key, p.quiet(err)
}

func (p private) Read(ctx context.Context, m outbound.Message, key string) (outbound.Found, error) {
	m, err := p.whole(m)
	if err != nil {
		return outbound.Found{}, err
	}
	found, err := p.Target.Read(ctx, m, key)
	found.Difference = p.words.Redact(found.Difference)
	return found, p.quiet(err)
}

func (p private) Outcome(err error) (outbound.Outcome, string) {
	var q *quiet
	if errors.As(err, &q) {
		err = q.loud
	}
	outcome, words := p.Target.Outcome(err)
	return outcome, p.words.Redact(words)
}

// quiet stands for an error that tells of a person. It does not unwrap to it.
type quiet struct {
	told *fault.Error
	loud error
}

func (q *quiet) Error() string { return q.told.Error() }

// Unwrap gives code and message, and nothing else.
func (q *quiet) Unwrap() error { return q.told }

// quiet returns the error without personal words.
func (p private) quiet(err error) error {
	if err == nil || p.words.Redact(err.Error()) == err.Error() {
		return err
	}
	words := fault.MessageOf(err)
	if fault.CodeOf(err) == fault.Internal {
		words = err.Error() // for the log alone
	}
	return &quiet{fault.New(fault.CodeOf(err), "%s", p.words.Redact(words)), err}
}

// redact takes personal words out of an obstacle.
func (w worker) redact(o Obstacle) Obstacle {
	o.Cause, o.Title, o.Words = w.words.Redact(o.Cause), w.words.Redact(o.Title), w.words.Redact(o.Words)
	if len(w.words) == 0 || o.Detail == nil {
		return o
	}
	detail := make(map[string]any, len(o.Detail))
	for name, value := range o.Detail {
		if text, ok := value.(string); ok {
			value = w.words.Redact(text)
		}
		detail[name] = value
	}
	o.Detail = detail
	return o
}

// masked is a content whose personal fields show their names in place of their
// values: what formulas make of it may be seen by everybody.
func (s *Service) masked(ctx context.Context, f Flow, recordID int64, number int32, content json.RawMessage) (json.RawMessage, error) {
	if _, is := placesOf(f); !is || s.Personal == nil {
		return content, nil
	}
	part, err := s.Personal.Open(ctx, s.Pool, recordID, contentPlace(number))
	if err != nil {
		return nil, err
	}
	return personal.Join(content, part.Masked())
}

// See opens the personal data of a record's content for a person who says why.
func (s *Service) See(ctx context.Context, recordID int64, reason string, actor audit.Actor) (Whole, personal.Part, error) {
	record, err := s.Record(ctx, recordID)
	if err != nil {
		return record, nil, err
	}
	part, err := s.Personal.See(ctx, recordID, contentPlace(record.Content), reason, actor)
	return record, part, err
}
