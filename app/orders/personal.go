package orders

import (
	"tieout/app/amazon"
	"tieout/app/flow"
)

// Personal implements flow.Personal, for both versions of Amazon's orders.
func (f *Flow) Personal() flow.Places {
	return flow.Places{Content: amazon.PersonalPaths(), Payload: []string{"ShipTo.Name", "ShipTo.Line1", "ShipTo.Line2", "ShipTo.PostalCode", "ShipTo.Phone", "ShipTo.Email"}}
}
