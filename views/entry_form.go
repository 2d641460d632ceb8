package views

// ActionForm asks for what an action on an object needs. It opens as a dialog
// over the object, and stands alone when something was wrong with what was
// typed.
type ActionForm struct {
	ID     string // of the dialog, and of the action
	Title  string
	Lead   string // what the action does
	Fields []Field
	Keep   []Hidden
	Action string // posts here
	Button Button
	Back   string // the page of the object
}
