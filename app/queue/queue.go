// Package queue reads the queue of Amazon SQS through which Amazon tells of
// changes. Messages come at least once and in no order.
package queue

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/logging"

	"tieout/app/fault"
)

// Address is where a queue is and how it is opened.
type Address struct {
	URL    string // https://sqs.us-east-1.amazonaws.com/123456789012/tieout
	Region string
	KeyID  string // empty: the machine's own role
	Secret string
}

// Queue is an open queue.
type Queue struct {
	client  *sqs.Client
	url     string
	address Address
}

// Address returns where the queue is, without what opens it.
func (q *Queue) Address() Address { return Address{URL: q.address.URL, Region: q.address.Region} }

// Message is one delivery of a message.
type Message struct {
	ID      string // of the message; the same for each delivery
	Receipt string // of this delivery
	Body    []byte
}

// most is how many messages SQS hands out at once.
const most = 10

// hidden is how long a message that was received is not handed out again.
const hidden = 2 * time.Minute

// Open returns the queue at an address. Nothing is asked yet.
func Open(ctx context.Context, a Address) (*Queue, error) {
	base, err := endpoint(a.URL)
	if err != nil {
		return nil, err
	}
	options := []func(*config.LoadOptions) error{config.WithRegion(a.Region), config.WithLogger(logging.Nop{})}
	if a.KeyID != "" {
		options = append(options, config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(a.KeyID, a.Secret, "")))
	}
	loaded, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("read how AWS is reached: %w", err)
	}
	client := sqs.NewFromConfig(loaded, func(o *sqs.Options) { o.BaseEndpoint = &base })
	return &Queue{client, a.URL, a}, nil
}

// endpoint is a queue's address without account and name.
func endpoint(address string) (string, error) {
	var parts []string
	u, err := url.Parse(address)
	if err == nil {
		parts = strings.Split(strings.Trim(path.Clean("/"+u.Path), "/"), "/")
	}
	if err != nil || u.Host == "" || len(parts) < 2 {
		return "", fault.New(fault.Invalid, "%q is no address of a queue; it looks like https://sqs.us-east-1.amazonaws.com/123456789012/tieout.", address)
	}
	u.Path = "/" + strings.Join(parts[:len(parts)-2], "/")
	return strings.TrimSuffix(u.String(), "/"), nil
}

// ARN names the queue as Amazon's other services do.
func (a Address) ARN() (string, error) {
	if _, err := endpoint(a.URL); err != nil {
		return "", err
	}
	u, err := url.Parse(a.URL)
	if err != nil {
		return "", fmt.Errorf("read address of queue: %w", err)
	}
	parts := strings.Split(strings.Trim(path.Clean(u.Path), "/"), "/")
	return "arn:aws:sqs:" + a.Region + ":" + strings.Join(parts[len(parts)-2:], ":"), nil
}

// Receive returns up to ten messages, waiting for the first for so long. What
// is not deleted comes again.
func (q *Queue) Receive(ctx context.Context, wait time.Duration) ([]Message, error) {
	answer, err := q.client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: &q.url, MaxNumberOfMessages: most,
		WaitTimeSeconds: int32(wait / time.Second), VisibilityTimeout: int32(hidden / time.Second)})
	if err != nil {
		return nil, explain(err)
	}
	list := make([]Message, len(answer.Messages))
	for i, m := range answer.Messages {
		list[i] = Message{aws.ToString(m.MessageId), aws.ToString(m.ReceiptHandle), []byte(aws.ToString(m.Body))}
	}
	return list, nil
}

// Delete ends the delivery of messages.
func (q *Queue) Delete(ctx context.Context, messages []Message) error {
	if len(messages) == 0 {
		return nil
	}
	entries := make([]types.DeleteMessageBatchRequestEntry, len(messages))
	for i, m := range messages {
		entries[i] = types.DeleteMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: aws.String(m.Receipt)}
	}
	_, err := q.client.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: &q.url, Entries: entries})
	if err != nil {
		return explain(err)
	}
	return nil // what could not be deleted comes again and is recognised
}

// Waiting returns about how many messages wait: the call that proves a queue.
func (q *Queue) Waiting(ctx context.Context) (int, error) {
	name := types.QueueAttributeNameApproximateNumberOfMessages
	answer, err := q.client.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &q.url, AttributeNames: []types.QueueAttributeName{name}})
	if err != nil {
		return 0, explain(err)
	}
	waiting, err := strconv.Atoi(answer.Attributes[string(name)])
	if err != nil {
		return 0, fault.Wrap(err, fault.Unavailable, "The queue does not say how many messages wait.")
	}
	return waiting, nil
}

// explain makes an error of AWS one for people: what a person must correct, or
// what passes.
func explain(err error) error {
	var said smithy.APIError
	if !errors.As(err, &said) {
		return fault.Wrap(err, fault.Unavailable, "The queue of notifications does not answer.")
	}
	var status interface{ HTTPStatusCode() int }
	if errors.As(err, &status) && (status.HTTPStatusCode() >= http.StatusInternalServerError || status.HTTPStatusCode() == http.StatusTooManyRequests) {
		return fault.Wrap(err, fault.Unavailable, "The queue of notifications does not answer.")
	}
	return fault.Wrap(err, fault.Invalid, "The queue of notifications refuses: %s (%s).", said.ErrorMessage(), said.ErrorCode())
}
