// Package document keeps raw payloads as they came, before anything is
// interpreted: compressed in independent chunks, addressed by SHA-256, never
// changed. A document of any size streams in and out in flat memory, and one
// row of it is read without touching the rest.
package document

import (
	"context"
	"crypto/cipher"
	"crypto/sha256"
	"fmt"
	"hash"
	"io"
	"time"

	"github.com/klauspost/compress/zstd"
)

// Kinds of documents.
const (
	SettlementReport = "settlement_report"
	Attachment       = "attachment"
	DailyRates       = "daily_rates"
)

// Where a document came from.
const (
	FromAmazon  = "amazon"
	FromP21     = "p21" // as this program read it
	FromUpload  = "upload"
	FromCommand = "command"
	FromWeb     = "web" // an address that an administrator named
)

// Meta says what a document is and where it came from.
type Meta struct {
	ConnectionID int64
	Kind         string
	Name         string // file name or report id
	Source       string
	ContentType  string
	CreatedBy    int64 // person; 0: a job
	Sealed       bool  // it tells of persons: its bytes are encrypted
}

// Document is a stored payload.
type Document struct {
	ID         int64
	Meta       Meta
	SHA256     [sha256.Size]byte
	Size       int64 // raw bytes
	StoredSize int64
	CreatedAt  time.Time
}

// chunkSize is the raw size of one compressed chunk: small enough to fetch for
// one line, large enough to compress well.
const chunkSize = 1 << 20

// chunksWaiting is how many chunks wait to be compressed, so that neither side
// waits for the other's turn on a busy machine.
const chunksWaiting = 4

// Writer stores a payload while it streams by. Compression and storage run
// beside the writer's caller.
type Writer struct {
	id       int64
	meta     Meta
	buffer   []byte
	size     int64
	hash     hash.Hash
	chunks   chan chunk
	spare    chan []byte // buffers of chunks that are stored
	finished chan error
	stored   int64
	cancel   context.CancelFunc
	session  session
	box      cipher.AEAD // nil: not sealed
	key      []byte      // of box, as it is stored
}

// Keys seals documents that tell of persons, each with a key of its own.
type Keys interface {
	// Make makes a document's key; wrapped is how it is stored.
	Make(documentID int64) (box cipher.AEAD, wrapped []byte, err error)
	Use(documentID int64, wrapped []byte) (cipher.AEAD, error)
}

type chunk struct {
	offset int64
	raw    []byte
}

// ID returns the id that the document will have unless the same bytes are
// already stored.
func (w *Writer) ID() int64 { return w.id }

// Begin opens a Writer. Call Commit or Abort in the end.
func (s *Store) Begin(ctx context.Context, meta Meta) (*Writer, error) {
	ctx, cancel := context.WithCancel(ctx)
	opened, id, err := s.begin(ctx)
	if err != nil {
		cancel()
		return nil, err
	}
	w := &Writer{
		id: id, meta: meta, hash: sha256.New(), cancel: cancel, session: opened,
		buffer: make([]byte, 0, chunkSize), chunks: make(chan chunk, chunksWaiting), spare: make(chan []byte, chunksWaiting), finished: make(chan error, 1),
	}
	if meta.Sealed {
		if w.box, w.key, err = s.makeKey(id); err != nil {
			opened.rollback()
			cancel()
			return nil, err
		}
	}
	chunks := w.chunks // the writer forgets its channel when it closes it
	go func() { w.finished <- w.storeChunks(ctx, chunks) }()
	return w, nil
}

// Write takes the next bytes of the payload.
func (w *Writer) Write(p []byte) (int, error) {
	written := 0
	for len(p) > 0 {
		n := min(len(p), chunkSize-len(w.buffer))
		w.buffer = append(w.buffer, p[:n]...)
		p = p[n:]
		written += n
		if len(w.buffer) == chunkSize {
			if err := w.flush(); err != nil {
				return written, err
			}
		}
	}
	return written, nil
}

func (w *Writer) flush() error {
	if len(w.buffer) == 0 {
		return nil
	}
	select {
	case w.chunks <- chunk{w.size, w.buffer}:
	case err := <-w.finished:
		w.finished <- err
		return fmt.Errorf("store document: %w", err)
	}
	w.size += int64(len(w.buffer))
	select {
	case w.buffer = <-w.spare:
	default:
		w.buffer = make([]byte, 0, chunkSize)
	}
	return nil
}

func (w *Writer) storeChunks(ctx context.Context, chunks <-chan chunk) error {
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return fmt.Errorf("make compressor: %w", err)
	}
	defer func() { _ = encoder.Close() }() // EncodeAll holds nothing open
	var packed []byte
	for c := range chunks {
		w.hash.Write(c.raw)
		packed = encoder.EncodeAll(c.raw, packed[:0])
		stored := packed
		if w.box != nil {
			stored = w.box.Seal(nil, nil, packed, chunkPlace(w.id, c.offset))
		}
		if err := w.session.insertChunk(ctx, w.id, c.offset, len(c.raw), stored); err != nil {
			return err
		}
		w.stored += int64(len(stored))
		select {
		case w.spare <- c.raw[:0]:
		default:
		}
	}
	return nil
}

// Commit stores the rest and makes the document durable. When the same bytes
// are already stored for the connection, that document is returned instead and
// existed is true.
func (w *Writer) Commit(ctx context.Context) (doc Document, existed bool, err error) {
	defer w.cancel()
	if err := w.flush(); err != nil {
		w.Abort()
		return Document{}, false, err
	}
	close(w.chunks)
	w.chunks = nil
	if err := <-w.finished; err != nil {
		w.session.rollback()
		return Document{}, false, fmt.Errorf("store document: %w", err)
	}
	doc = Document{ID: w.id, Meta: w.meta, SHA256: [sha256.Size]byte(w.hash.Sum(nil)), Size: w.size, StoredSize: w.stored}
	return w.session.commit(ctx, doc, w.key)
}

// Abort gives the payload up; nothing of it stays.
func (w *Writer) Abort() {
	if w.chunks != nil {
		close(w.chunks)
		w.chunks = nil
		w.cancel()
		<-w.finished
	}
	w.session.rollback()
}

// Put stores everything that r gives.
func (s *Store) Put(ctx context.Context, meta Meta, r io.Reader) (doc Document, existed bool, err error) {
	w, err := s.Begin(ctx, meta)
	if err != nil {
		return Document{}, false, err
	}
	if _, err := io.Copy(w, r); err != nil {
		w.Abort()
		return Document{}, false, fmt.Errorf("read document: %w", err)
	}
	return w.Commit(ctx)
}

func unpack(decoder *zstd.Decoder, packed []byte, length int) ([]byte, error) {
	raw, err := decoder.DecodeAll(packed, make([]byte, 0, length))
	if err != nil {
		return nil, fmt.Errorf("unpack document chunk: %w", err)
	}
	if len(raw) != length {
		return nil, fmt.Errorf("unpack document chunk: %d bytes instead of %d", len(raw), length)
	}
	return raw, nil
}
