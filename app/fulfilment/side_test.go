package fulfilment

import (
	"context"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tieout/app/amazon"
	"tieout/app/fault"
	"tieout/app/flow"
	"tieout/app/outbound"
)

// slow is an Amazon that answers what a test says.
type slow struct {
	amazon.Fulfillments
	held   amazon.Fulfillment
	read   error
	cancel error
}

func (s *slow) Get(context.Context, string) (amazon.Fulfillment, error) { return s.held, s.read }
func (s *slow) Cancel(context.Context, string) error                    { return s.cancel }

func message(t *testing.T, kind string) outbound.Message {
	t.Helper()
	payload, err := json.Marshal(amazon.FulfillmentRequest{ID: "A-1", Items: []amazon.RequestedItem{{ID: "1", SKU: "KET", Quantity: 2}}})
	require.NoError(t, err)
	return outbound.Message{Kind: kind, Reference: "A-1", Payload: payload}
}

func TestWhatAmazonHasTakenAndNotDoneYetIsWaitedFor(t *testing.T) {
	t.Parallel()
	processing := amazon.Fulfillment{ID: "A-1", Status: amazon.FulfillmentProcessing, Held: true}
	for kind, client := range map[string]*slow{
		kindRequest: {read: fault.New(fault.NotFound, "none")},
		kindCancel:  {held: processing},
		kindRelease: {held: processing},
	} {
		_, err := (&side{client}).Read(t.Context(), message(t, kind), "A-1")
		var pause *flow.Pause
		require.ErrorAs(t, err, &pause, kind)
		require.GreaterOrEqual(t, pause.Least, time.Minute)
	}
	found, err := (&side{&slow{held: amazon.Fulfillment{ID: "A-1", Status: amazon.FulfillmentComplete}}}).Read(t.Context(), message(t, kindCancel), "A-1")
	require.NoError(t, err)
	require.Equal(t, "Amazon did not cancel it, it is complete", found.Difference)
}

func TestARefusedCancellationIsToldApartFromOneThatWasCarriedOut(t *testing.T) {
	t.Parallel()
	refused := fault.New(fault.Invalid, "Order A-1 is done.")
	key, err := (&side{&slow{cancel: refused, held: amazon.Fulfillment{Status: amazon.FulfillmentCancelled}}}).Send(t.Context(), message(t, kindCancel))
	require.NoError(t, err)
	require.Equal(t, "A-1", key)
	late := &side{&slow{cancel: refused, held: amazon.Fulfillment{Status: amazon.FulfillmentComplete}}}
	_, err = late.Send(t.Context(), message(t, kindCancel))
	require.True(t, errors.Is(err, errLate))
	outcome, words := late.Outcome(err)
	require.Equal(t, outbound.Refused, outcome)
	require.Contains(t, words, "It was too late to cancel")
	lost := fault.New(fault.Unavailable, "Amazon does not answer.")
	_, err = (&side{&slow{cancel: lost}}).Send(t.Context(), message(t, kindCancel))
	outcome, _ = late.Outcome(err)
	require.Equal(t, outbound.Ambiguous, outcome)
}
