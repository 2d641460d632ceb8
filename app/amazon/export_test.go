package amazon

import "context"

// Operations are all that the client calls.
var Operations = []Operation{
	opGetReports, opGetReport, opCreateReport, opGetReportDocument, opGetMarketplaceParticipations, opCreateRestrictedDataToken,
	opSearchOrders, opGetOrder, opGetOrdersV0, opGetOrderV0, opGetOrderItemsV0, opGetOrderAddressV0, opGetOrderBuyerInfoV0, opConfirmShipment,
	opCreateFeedDocument, opCreateFeed, opGetFeed, opGetFeedDocument, opGetListingsItem,
	opGetDestinations, opCreateDestination, opGetSubscription, opCreateSubscription, opDeleteSubscription, opListTransactions,
}

// Token returns the access token for a scope as a call would use it.
func (c *Client) Token(ctx context.Context, scope Scope) (string, error) {
	a, err := c.tokens.get(ctx, scope)
	if err != nil {
		return "", err
	}
	return a.value.Reveal(), nil
}

// UserAgent is userAgent.
var UserAgent = userAgent

// Wait is the backoff's wait.
func (b Backoff) Wait(n int, err error) int64 { return int64(b.wait(n, err)) }
