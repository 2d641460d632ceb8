package settlement

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"io"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"tieout/app/database"
	"tieout/app/money"
	"tieout/app/settlement/report"
	"tieout/sqlc"
)

// books is what the sink needs to know of the connection.
type books struct {
	id   int64
	zone *time.Location
}

// sink takes a report's lines: encodes them for COPY, which runs beside it on
// the transaction's connection, and sums them into rollups.
type sink struct {
	ctx        context.Context // of one import
	pool       *pgxpool.Pool   // dictionaries are written beside the transaction
	tx         *database.Tx
	books      books
	source     Source
	documentID int64
	importID   int64
	skip       map[string]bool // Amazon ids that are stored already

	rows    copyRows
	batches chan []byte
	spare   chan []byte
	copied  chan error
	ended   bool

	kinds    [][3]int32 // by the report's kind and sign+1; 0: not numbered yet
	products map[string]product
	readings []*reading
	rollups  map[rollupKey]*rollupSum
	last     rollupKey
	lastSum  *rollupSum
}

type product struct {
	id    int32
	group string
}

// reading is one settlement in the making.
type reading struct {
	id       int64
	header   report.Settlement
	skipped  bool
	hash     hash.Hash
	days     dayClock
	months   monthClock
	kinds    map[int32]*kindPlace
	numbered []int32 // kinds in the order in which they first stand in the report
	products map[int32]*productPlace
	orders   [bucketsPerOrder * orderBuckets]blockSet
	order    lastID
	merchant lastID
	markets  map[string]bool
}

// lastID remembers the buckets of an id: an order's lines stand together.
type lastID struct {
	id      []byte
	buckets [bucketsPerOrder]int32
}

func (l *lastID) bucketsOf(id []byte) [bucketsPerOrder]int32 {
	if !bytes.Equal(l.id, id) {
		l.id, l.buckets = append(l.id[:0], id...), bucketsOf(id)
	}
	return l.buckets
}

type rollupKey struct {
	reading     int
	kind        int32
	day         int32
	group       string
	fulfillment string
}

type rollupSum struct {
	lines    int32
	quantity int64
	amount   money.Units
}

// batchSize is how many encoded bytes go to the copying side at once.
const batchSize = 256 << 10

// batchesWaiting is how many of them wait for the copying side: more than it
// takes in while the reading side has to wait for its turn on a busy machine.
const batchesWaiting = 16

func newSink(ctx context.Context, pool *pgxpool.Pool, tx *database.Tx, b books, src Source, documentID int64, skip map[string]bool) *sink {
	return &sink{
		ctx: ctx, pool: pool, tx: tx, books: b, source: src, documentID: documentID, skip: skip,
		products: map[string]product{}, rollups: map[rollupKey]*rollupSum{},
		rows: copyRows{buf: make([]byte, 0, batchSize+64<<10)}, spare: make(chan []byte, batchesWaiting),
	}
}

// Begin opens the import and starts COPY.
func (s *sink) Begin(head report.Head) error {
	db := sqlc.New(s.tx)
	id, err := db.OpenImport(s.ctx, sqlc.OpenImportParams{ConnectionID: s.books.id, DocumentID: s.documentID, Format: string(head.Format), CreatedBy: database.Key(s.source.Actor.PersonID)})
	if err != nil {
		return fmt.Errorf("open import: %w", err)
	}
	s.importID = id
	known, err := db.ProductsOfConnection(s.ctx, s.books.id)
	if err != nil {
		return fmt.Errorf("read products: %w", err)
	}
	for _, p := range known {
		s.products[p.Sku] = product{p.ID, p.ProductGroup}
	}
	s.batches, s.copied = make(chan []byte, batchesWaiting), make(chan error, 1)
	go s.copy()
	s.rows.begin()
	return nil
}

const copyLines = `COPY settlement_line (settlement_id, raw_offset, raw_length, line_no, kind_id, posted_at, posted_on, product_id, quantity, part,
	amount, fulfillment, order_id, merchant_order_id, adjustment_id, shipment_id, order_item_code, promotion_id) FROM STDIN (FORMAT binary)`

const copyFields = 18

func (s *sink) copy() {
	_, err := s.tx.Conn().PgConn().CopyFrom(s.ctx, &batchReader{batches: s.batches, spare: s.spare}, copyLines)
	s.copied <- err
}

// batchReader gives encoded batches to COPY and their buffers back.
type batchReader struct {
	batches <-chan []byte
	spare   chan<- []byte
	batch   []byte
	rest    []byte
}

func (b *batchReader) Read(p []byte) (int, error) {
	if len(b.rest) == 0 {
		if b.batch != nil {
			select {
			case b.spare <- b.batch[:0]:
			default:
			}
		}
		next, open := <-b.batches
		if !open {
			b.batch = nil
			return 0, io.EOF
		}
		b.batch, b.rest = next, next
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

// Settlement numbers the settlement that the next lines belong to.
func (s *sink) Settlement(index int, header *report.Settlement) error {
	r := &reading{header: *header, hash: sha256.New(), kinds: map[int32]*kindPlace{}, products: map[int32]*productPlace{}, markets: map[string]bool{},
		skipped: s.skip[header.ID], days: dayClock{zone: s.books.zone, start: header.Start, end: header.End}}
	id, err := sqlc.New(s.pool).NextSettlementID(s.ctx)
	if err != nil {
		return fmt.Errorf("number settlement: %w", err)
	}
	r.id = id
	fmt.Fprintf(r.hash, "%s\t%s\t%d\t%d\t%d\n", header.ID, header.Currency, header.Start.UnixMicro(), header.End.UnixMicro(), header.Deposit)
	s.readings = append(s.readings, r)
	return nil
}

// Line encodes one line and adds it up.
func (s *sink) Line(l *report.Line) error {
	r := s.readings[l.Settlement]
	if r.skipped {
		return nil
	}
	kind, err := s.kind(l)
	if err != nil {
		return err
	}
	p, err := s.product(l.SKU)
	if err != nil {
		return err
	}
	day := r.days.day(l.Posted)
	s.encode(r, l, kind, p.id, day)
	s.addUp(l, kind, p.group, day)
	r.add(l, kind, p.id, day)
	if len(s.rows.buf) >= batchSize {
		return s.send()
	}
	return nil
}

// add notes where the line's kind, product and order stand in the report, and
// adds it to its product's month.
func (r *reading) add(l *report.Line, kind, product, day int32) {
	k := r.kinds[kind]
	if k == nil {
		k = &kindPlace{number: len(r.numbered)}
		r.kinds[kind] = k
		r.numbered = append(r.numbered, kind)
		if l.Kind.Marketplace != "" {
			r.markets[l.Kind.Marketplace] = true
		}
	}
	k.add(l.Row, l.Amount)
	p := r.products[product]
	if p == nil {
		p = &productPlace{}
		r.products[product] = p
	}
	if product != 0 {
		p.block.add(l.Row, l.Amount)
	}
	p.addUp(r.months.month(day), k.number, l)
	r.addOrder(&r.order, l.OrderID, l.Row)
	r.addOrder(&r.merchant, l.MerchantOrderID, l.Row)
}

func (r *reading) addOrder(last *lastID, id []byte, row int) {
	if len(id) == 0 {
		return
	}
	for _, bucket := range last.bucketsOf(id) {
		r.orders[bucket].add(row)
	}
}

// encode writes the line as a COPY row. The fields after the position are what
// the line says; they alone go into the content hash.
func (s *sink) encode(r *reading, l *report.Line, kind, product, day int32) {
	c := &s.rows
	c.row(copyFields)
	c.int64(r.id)
	c.int64(l.Offset)
	c.int32(int32(l.Length))
	c.int32(int32(l.Row))
	content := len(c.buf)
	c.int32(kind)
	c.int64(l.Posted - epochMicros)
	c.date(day)
	c.int32OrNull(product, product != 0)
	c.int32OrNull(l.Quantity, l.HasQuantity)
	c.int16(int16(l.Part))
	c.numeric(l.Amount)
	c.text(l.Fulfillment)
	c.bytesOrNull(l.OrderID)
	c.bytesOrNull(l.MerchantOrderID)
	c.bytesOrNull(l.AdjustmentID)
	c.bytesOrNull(l.ShipmentID)
	c.bytesOrNull(l.OrderItemCode)
	c.bytesOrNull(l.PromotionID)
	r.hash.Write(c.buf[content:])
}

func (s *sink) addUp(l *report.Line, kind int32, group string, day int32) {
	key := rollupKey{l.Settlement, kind, day, group, l.Fulfillment}
	sum := s.lastSum
	if sum == nil || key != s.last {
		sum = s.rollups[key]
		if sum == nil {
			sum = &rollupSum{}
			s.rollups[key] = sum
		}
		s.last, s.lastSum = key, sum
	}
	sum.lines++
	sum.quantity += int64(l.Quantity)
	sum.amount += l.Amount
}

// kind returns the dictionary id of a line's kind and sign.
func (s *sink) kind(l *report.Line) (int32, error) {
	for len(s.kinds) <= l.Kind.ID {
		s.kinds = append(s.kinds, [3]int32{})
	}
	sign := signOf(l.Amount)
	if id := s.kinds[l.Kind.ID][sign+1]; id != 0 {
		return id, nil
	}
	id, err := sqlc.New(s.pool).UpsertKind(s.ctx, sqlc.UpsertKindParams{ConnectionID: s.books.id, Marketplace: l.Kind.Marketplace,
		TransactionType: l.Kind.TransactionType, AmountType: l.Kind.AmountType, AmountDescription: l.Kind.AmountDescription, Sign: int16(sign)})
	if err != nil {
		return 0, fmt.Errorf("number kind: %w", err)
	}
	s.kinds[l.Kind.ID][sign+1] = id
	return id, nil
}

func signOf(u money.Units) int {
	switch {
	case u > 0:
		return 1
	case u < 0:
		return -1
	}
	return 0
}

func (s *sink) product(sku []byte) (product, error) {
	if len(sku) == 0 {
		return product{}, nil
	}
	if p, known := s.products[string(sku)]; known {
		return p, nil
	}
	row, err := sqlc.New(s.pool).UpsertProduct(s.ctx, sqlc.UpsertProductParams{ConnectionID: s.books.id, Sku: string(sku)})
	if err != nil {
		return product{}, fmt.Errorf("number product: %w", err)
	}
	p := product{row.ID, row.ProductGroup}
	s.products[string(sku)] = p
	return p, nil
}

// send hands the batch to COPY and goes on in a spare buffer.
func (s *sink) send() error {
	select {
	case s.batches <- s.rows.buf:
	case err := <-s.copied:
		s.copied <- err
		return fmt.Errorf("store lines: %w", err)
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
	select {
	case s.rows.buf = <-s.spare:
	default:
		s.rows.buf = make([]byte, 0, batchSize+64<<10)
	}
	return nil
}

// finish ends COPY and waits for its word.
func (s *sink) finish() error {
	s.rows.end()
	if err := s.send(); err != nil {
		return err
	}
	return s.stop()
}

func (s *sink) stop() error {
	if s.ended || s.batches == nil {
		return nil
	}
	s.ended = true
	close(s.batches)
	if err := <-s.copied; err != nil {
		return fmt.Errorf("store lines: %w", err)
	}
	return nil
}

// close makes sure that COPY has let go of the connection.
func (s *sink) close() { _ = s.stop() } // whatever it says, the transaction is rolled back

// dayClock turns instants into accounting dates: within the cycle's bounds, in
// the books' time zone. It remembers the zone's offset between two changes.
type dayClock struct {
	zone       *time.Location
	start, end time.Time
	from, to   int64 // microseconds between which offset holds
	offset     int64 // microseconds
}

const dayMicros = 86_400_000_000

// day returns days since 1970-01-01.
func (d *dayClock) day(posted int64) int32 {
	switch {
	case !d.end.IsZero() && posted > d.end.UnixMicro():
		posted = d.end.UnixMicro()
	case !d.start.IsZero() && posted < d.start.UnixMicro():
		posted = d.start.UnixMicro()
	}
	if posted < d.from || posted >= d.to {
		d.look(posted)
	}
	local := posted + d.offset
	day := local / dayMicros
	if local%dayMicros < 0 {
		day--
	}
	return int32(day)
}

func (d *dayClock) look(posted int64) {
	at := time.UnixMicro(posted).In(d.zone)
	_, seconds := at.Zone()
	d.offset = int64(seconds) * 1_000_000
	starts, ends := at.ZoneBounds()
	d.from, d.to = -1<<62, 1<<62
	if !starts.IsZero() {
		d.from = starts.UnixMicro()
	}
	if !ends.IsZero() {
		d.to = ends.UnixMicro()
	}
}

func (c *copyRows) int32OrNull(v int32, given bool) {
	if !given {
		c.null()
		return
	}
	c.int32(v)
}

// bytesOrNull writes an empty text as null.
func (c *copyRows) bytesOrNull(b []byte) {
	if len(b) == 0 {
		c.null()
		return
	}
	c.buf = binary.BigEndian.AppendUint32(c.buf, uint32(len(b)))
	c.buf = append(c.buf, b...)
}
