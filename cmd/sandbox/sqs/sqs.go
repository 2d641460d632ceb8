// Package sqs stands in for Amazon SQS as far as a reader of notifications
// needs it: the JSON protocol of receiving, deleting, sending and asking how
// many messages wait, with visibility time-outs and long polling.
//
//	POST /   X-Amz-Target: AmazonSQS.ReceiveMessage, DeleteMessage(Batch), SendMessage, GetQueueAttributes
//
// It delivers as the real one may: twice, late and in no order, see Habits.
package sqs

import (
	"crypto/md5" //nolint:gosec // the protocol's checksum
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	mathrand "math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"tieout/cmd/sandbox/misbehave"
)

// Habits are how reliably messages are delivered.
type Habits struct {
	Twice float64       // chance that a message is there twice
	Lost  float64       // chance that a message never arrives
	Late  time.Duration // messages come up to so much later, each by its own time
}

// Server holds queues by name; they exist as soon as they are named.
type Server struct {
	faults  *misbehave.Plan
	handler http.Handler

	mu     sync.Mutex
	habits Habits
	chance *mathrand.Rand
	queues map[string][]*message
	more   chan struct{} // closed when a message arrives
}

type message struct {
	id, body string
	visible  time.Time // not before
	receipt  string
}

// New returns a server without messages; seed decides what chances come to.
func New(seed uint64, faults *misbehave.Plan) *Server {
	s := &Server{faults: faults, chance: mathrand.New(mathrand.NewPCG(seed, 5)), queues: map[string][]*message{}, more: make(chan struct{})}
	s.handler = faults.Wrap(misbehave.Side{Name: "sqs", Operation: operation, Refuse: refuse, TokenStatus: http.StatusForbidden}, http.HandlerFunc(s.serve))
	return s
}

// Behave changes how messages are delivered from now on.
func (s *Server) Behave(h Habits) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.habits = h
}

// Send puts a message in a queue.
func (s *Server) Send(queue string, body []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.chance.Float64() < s.habits.Lost {
		return
	}
	times := 1
	if s.chance.Float64() < s.habits.Twice {
		times = 2
	}
	id := rand.Text()
	for range times {
		m := &message{id: id, body: string(body), visible: time.Now()}
		if s.habits.Late > 0 {
			m.visible = m.visible.Add(time.Duration(s.chance.Int64N(int64(s.habits.Late))))
		}
		s.queues[queue] = append(s.queues[queue], m)
	}
	close(s.more)
	s.more = make(chan struct{})
}

// Waiting returns how many messages a queue holds, those in somebody's hands
// included.
func (s *Server) Waiting(queue string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.queues[queue])
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

func operation(r *http.Request) string {
	return strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AmazonSQS.")
}

// input is what the operations take, all of them together.
type input struct {
	QueueUrl            string
	MaxNumberOfMessages int
	WaitTimeSeconds     int
	VisibilityTimeout   *int
	ReceiptHandle       string
	MessageBody         string
	Entries             []struct{ Id, ReceiptHandle string }
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	var in input
	if err := json.NewDecoder(io.LimitReader(r.Body, 1<<20)).Decode(&in); err != nil {
		fail(w, http.StatusBadRequest, "InvalidRequest", err.Error())
		return
	}
	if !strings.HasPrefix(r.Header.Get("Authorization"), "AWS4-HMAC-SHA256 Credential=") {
		fail(w, http.StatusForbidden, "MissingAuthenticationToken", "Request is missing Authentication Token")
		return
	}
	queue := in.QueueUrl[strings.LastIndex(in.QueueUrl, "/")+1:]
	switch operation(r) {
	case "ReceiveMessage":
		s.serveReceive(w, r, queue, in)
	case "DeleteMessage":
		s.delete(queue, in.ReceiptHandle)
		answer(w, map[string]any{})
	case "DeleteMessageBatch":
		done := []map[string]string{}
		for _, e := range in.Entries {
			s.delete(queue, e.ReceiptHandle)
			done = append(done, map[string]string{"Id": e.Id})
		}
		answer(w, map[string]any{"Successful": done, "Failed": []any{}})
	case "SendMessage":
		s.Send(queue, []byte(in.MessageBody))
		answer(w, map[string]any{"MessageId": rand.Text(), "MD5OfMessageBody": digest(in.MessageBody)})
	case "GetQueueAttributes":
		answer(w, map[string]any{"Attributes": map[string]string{"ApproximateNumberOfMessages": strconv.Itoa(s.Waiting(queue))}})
	default:
		fail(w, http.StatusBadRequest, "InvalidAction", fmt.Sprintf("The action %s is not valid for this endpoint.", operation(r)))
	}
}

func (s *Server) serveReceive(w http.ResponseWriter, r *http.Request, queue string, in input) {
	hidden := 30 * time.Second
	if in.VisibilityTimeout != nil {
		hidden = time.Duration(*in.VisibilityTimeout) * time.Second
	}
	until := time.Now().Add(time.Duration(in.WaitTimeSeconds) * time.Second)
	for {
		list, more := s.receive(queue, max(1, in.MaxNumberOfMessages), hidden)
		if len(list) > 0 || !time.Now().Before(until) {
			answer(w, map[string]any{"Messages": list})
			return
		}
		select { // what is late, or comes back, is looked for as well
		case <-r.Context().Done():
			return
		case <-more:
		case <-time.After(min(time.Until(until), 200*time.Millisecond)):
		}
	}
}

// receive hands messages out; more tells of the next arrival.
func (s *Server) receive(queue string, most int, hidden time.Duration) (list []map[string]string, more <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for _, m := range s.queues[queue] {
		if len(list) == most {
			break
		}
		if m.visible.After(now) {
			continue
		}
		m.visible, m.receipt = now.Add(hidden), rand.Text()
		list = append(list, map[string]string{"MessageId": m.id, "ReceiptHandle": m.receipt, "Body": m.body, "MD5OfBody": digest(m.body)})
	}
	return list, s.more
}

// delete ends a delivery; a receipt that is too old deletes nothing.
func (s *Server) delete(queue, receipt string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queues[queue] = slices.DeleteFunc(s.queues[queue], func(m *message) bool { return m.receipt == receipt && receipt != "" })
}

func digest(body string) string {
	sum := md5.Sum([]byte(body)) //nolint:gosec // the protocol's checksum
	return hex.EncodeToString(sum[:])
}

func answer(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	_ = json.NewEncoder(w).Encode(body) // the caller has gone away when this fails
}

// refuse answers as AWS writes errors.
func refuse(w http.ResponseWriter, status int) {
	if status < http.StatusInternalServerError {
		fail(w, status, "ExpiredToken", "The security token included in the request is expired")
		return
	}
	fail(w, status, "InternalFailure", "The request processing has failed because of an unknown error")
}

func fail(w http.ResponseWriter, status int, code, words string) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"__type": "com.amazonaws.sqs#" + code, "message": words})
}
