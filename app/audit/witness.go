package audit

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Witness is the chain's head as it was once: kept elsewhere, it shows that a
// chain was not written anew since, hashes and all.
type Witness struct {
	Seq  int64
	Hash []byte // SHA-256
}

// String is the witness as people keep it: 1234:9f86d0….
func (w Witness) String() string { return fmt.Sprintf("%d:%x", w.Seq, w.Hash) }

// Head returns the chain's head of this moment.
func Head(ctx context.Context, db Querier) (w Witness, err error) {
	rows, err := db.Query(ctx, `SELECT seq, hash FROM audit_head`)
	if err != nil {
		return w, fmt.Errorf("read audit head: %w", err)
	}
	w, err = pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[Witness])
	if err != nil {
		return w, fmt.Errorf("read audit head: %w", err)
	}
	return w, nil
}

// ParseWitnesses reads witnesses, one per line; empty lines and what follows a
// space or begins with # do not count. The error names every line that is none.
func ParseWitnesses(text string) (list []Witness, err error) {
	for i, line := range strings.Split(text, "\n") {
		word, _, _ := strings.Cut(strings.TrimSpace(line), " ")
		if word == "" || strings.HasPrefix(word, "#") {
			continue
		}
		w, ok := parseWitness(word)
		if !ok {
			err = errors.Join(err, fmt.Errorf("line %d: %q is not a number, a colon and 64 hexadecimal digits", i+1, word))
			continue
		}
		list = append(list, w)
	}
	return list, err
}

func parseWitness(word string) (w Witness, ok bool) {
	number, digits, _ := strings.Cut(word, ":")
	seq, notNumber := strconv.ParseInt(number, 10, 64)
	hash, notHex := hex.DecodeString(digits)
	return Witness{seq, hash}, notNumber == nil && notHex == nil && seq > 0 && len(hash) == 32
}

// Confirm returns what the log no longer says as a witness does.
func Confirm(ctx context.Context, db Querier, witnesses []Witness) (breaks []Break, err error) {
	for _, w := range witnesses {
		rows, err := db.Query(ctx, `SELECT hash FROM audit_event WHERE seq = $1`, w.Seq)
		if err != nil {
			return breaks, fmt.Errorf("read audit event %d: %w", w.Seq, err)
		}
		hash, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[[]byte])
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			breaks = append(breaks, Break{w.Seq, "it was there and is missing"})
		case err != nil:
			return breaks, fmt.Errorf("read audit event %d: %w", w.Seq, err)
		case !bytes.Equal(hash, w.Hash):
			breaks = append(breaks, Break{w.Seq, "the log up to it is not what it was"})
		}
	}
	return breaks, nil
}
