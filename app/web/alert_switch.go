package web

// alertSwitch switches a channel off or on.
func (s *server) alertSwitch(r *request) error {
	c, err := s.channelOf(r)
	if err != nil {
		return err
	}
	in, err := r.form()
	if err != nil {
		return err
	}
	switch in.choice("what", "off", "on") {
	case "on":
		err = s.Alerts.SwitchOn(r.ctx(), c.ID, r.actor())
	default:
		err = s.Alerts.SwitchOff(r.ctx(), c.ID, "By "+r.person.Name+".", r.actor())
	}
	if err != nil {
		return err
	}
	return r.goTo("%s", channelPath(c.ID))
}
