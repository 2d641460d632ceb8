package p21

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// journalLog keeps the books over restarts: one JSON line per event, on disk
// before the event is answered.
type journalLog struct {
	mu   sync.Mutex // the ledger and the trade write
	file *os.File
}

type event struct {
	Journal *Journal     `json:"journal,omitempty"`
	Period  *periodEvent `json:"period,omitempty"`
	Trade   *tradeEvent  `json:"trade,omitempty"`
}

type periodEvent struct {
	Key    periodKey `json:"key"`
	Closed bool      `json:"closed"`
}

// openLog replays what is there into b and returns the log for more.
func openLog(directory string, b *books) (*journalLog, error) {
	if err := os.MkdirAll(directory, 0o700); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(filepath.Join(directory, "p21.jsonl"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	end, err := replay(file, b)
	if err == nil {
		err = file.Truncate(end) // a line that a crash cut short was never answered
	}
	if err == nil {
		_, err = file.Seek(end, io.SeekStart)
	}
	if err != nil {
		_ = file.Close()
		return nil, fmt.Errorf("read %s: %w", file.Name(), err)
	}
	return &journalLog{file: file}, nil
}

func replay(file io.Reader, b *books) (end int64, err error) {
	reader := bufio.NewReader(file)
	for {
		line, err := reader.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return end, nil
		}
		if err != nil {
			return end, err
		}
		var e event
		if err := json.Unmarshal(line, &e); err != nil {
			return end, fmt.Errorf("at byte %d: %w", end, err)
		}
		switch {
		case e.Journal != nil:
			b.enter(*e.Journal)
		case e.Period != nil:
			b.closed[e.Period.Key] = e.Period.Closed
		case e.Trade != nil:
			b.trade.apply(*e.Trade)
		}
		end += int64(len(line))
	}
}

func (l *journalLog) append(e event) error {
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := l.file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("keep the books: %w", err)
	}
	return l.file.Sync()
}

func (l *journalLog) close() error { return l.file.Close() }
