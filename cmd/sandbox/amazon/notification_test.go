package amazon_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	client "tieout/app/amazon"
	"tieout/app/fault"
	"tieout/cmd/sandbox/amazon"
)

// told collects what the stand-in tells, by type and queue.
type told struct {
	mu   sync.Mutex
	list []map[string]any
	to   []string
}

func (o *told) tell(queue string, body []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	var m map[string]any
	if json.Unmarshal(body, &m) == nil {
		o.list, o.to = append(o.list, m), append(o.to, queue)
	}
}

func (o *told) kinds() map[string][]map[string]any {
	o.mu.Lock()
	defer o.mu.Unlock()
	found := map[string][]map[string]any{}
	for _, m := range o.list {
		kind, _ := m["NotificationType"].(string)
		if lower, ok := m["notificationType"].(string); ok {
			kind = lower
		}
		found[kind] = append(found[kind], m)
	}
	return found
}

const queueOfUS = "arn:aws:sqs:us-east-1:000000000000:us"

func TestASellerIsSubscribedOnceAndAQueueIsKnownOnce(t *testing.T) {
	t.Parallel()
	w := worldOf(t, []string{"notifications.json"})
	c := w.client("us")
	_, err := c.Subscription(t.Context(), client.OrderChange)
	require.True(t, fault.Is(err, fault.NotFound), err)
	known, err := c.Destinations(t.Context())
	require.NoError(t, err)
	require.Empty(t, known)
	id, err := c.CreateDestination(t.Context(), "Tieout", queueOfUS)
	require.NoError(t, err)
	_, err = c.CreateDestination(t.Context(), "Tieout", queueOfUS)
	require.ErrorContains(t, err, "exists")
	known, err = c.Destinations(t.Context())
	require.NoError(t, err)
	require.Equal(t, queueOfUS, known[0].Resource.SQS.ARN)
	made, err := c.Subscribe(t.Context(), client.OrderChange, id)
	require.NoError(t, err)
	held, err := c.Subscription(t.Context(), client.OrderChange)
	require.NoError(t, err)
	require.Equal(t, made, held)
	_, err = c.Subscribe(t.Context(), client.OrderChange, id)
	require.ErrorContains(t, err, "exists")
	require.NoError(t, c.Unsubscribe(t.Context(), client.OrderChange, made.ID))
	_, err = c.Subscription(t.Context(), client.OrderChange)
	require.True(t, fault.Is(err, fault.NotFound), err)
}

// What the stand-in tells is held against Amazon's schemas.
func TestNotificationsAreAsAmazonsSchemasHaveThem(t *testing.T) {
	t.Parallel()
	folder := filepath.Join("..", "..", "..", "..", "shared", "reference", "sp-api", "schemas", "notifications")
	if _, err := os.Stat(folder); err != nil {
		t.Skip("Amazon's schemas are not here: " + folder)
	}
	heard := &told{}
	w := worldOf(t, []string{"notifications.json", "fulfillmentOutbound_2020-07-01.json", "feeds_2021-06-30.json"}, func(c *amazon.Config) { c.Tell = heard.tell })
	c := w.client("us")
	id, err := c.CreateDestination(t.Context(), "Tieout", queueOfUS)
	require.NoError(t, err)
	files := map[string]string{client.OrderChange: "OrderChangeNotification", client.ReportProcessingFinished: "ReportProcessingFinishedNotification",
		client.FulfillmentOrderStatus: "FulfillmentOrderStatusNotification", client.FeedProcessingFinished: "FeedProcessingFinishedNotification",
		client.InventoryChange: "FBAInventoryAvailabilityChangeNotification"}
	for kind := range files {
		_, err := c.Subscribe(t.Context(), kind, id)
		require.NoError(t, err)
	}
	before := w.clock.Now()
	outbound, err := c.Fulfillments(client.Fulfillment2020)
	require.NoError(t, err)
	require.NoError(t, outbound.Create(t.Context(), request("ACME-1001", of("BRW-POUR-01", 1))))
	w.clock.Advance(time.Second)
	_, err = c.SendFeed(t.Context(), client.ListingsFeed, []string{"ATVPDKIKX0DER"}, []byte(`{"header":{},"messages":[]}`))
	require.NoError(t, err)
	require.NoError(t, w.StoreFBA(amazon.FBAStock{Account: "us", SKU: "BRW-POUR-01", Fulfillable: 3, Orders: 1}))
	w.clock.Advance(15 * 24 * time.Hour) // a cycle ends
	w.Announce(before)
	kinds := heard.kinds()
	for kind, name := range files {
		require.NotEmpty(t, kinds[kind], kind)
		text, err := os.ReadFile(filepath.Join(folder, name+".json"))
		require.NoError(t, err)
		parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		require.NoError(t, err)
		compiler := jsonschema.NewCompiler()
		require.NoError(t, compiler.AddResource("file:///"+name, parsed))
		schema, err := compiler.Compile("file:///" + name)
		require.NoError(t, err)
		for _, one := range kinds[kind] {
			require.NoError(t, schema.Validate(one), kind)
		}
	}
	for _, queue := range heard.to {
		require.Equal(t, "us", queue, "the others have not subscribed")
	}
}
