package fulfilment

import "tieout/app/flow"

// Personal implements flow.Personal: whom P21's orders go to.
func (f *Flow) Personal() flow.Places {
	var places flow.Places
	for _, name := range []string{"Name", "Line1", "Line2", "City", "PostalCode", "Phone", "Email"} {
		places.Content = append(places.Content, "order.ShipTo."+name)
	}
	for _, name := range []string{"name", "addressLine1", "addressLine2", "addressLine3", "city", "postalCode", "phone", "email"} {
		places.Payload = append(places.Payload, "shipTo."+name)
	}
	return places
}
