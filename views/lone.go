package views

// SignInPage leads to the identity provider.
type SignInPage struct {
	Provider    string // as people know it: "Contoso single sign-on"
	Href        string // starts the code flow
	Environment Environment
	Fresh       bool     // signed in already, but an approval asks for it again
	Message     *Alert   // why signing in did not work
	People      []Person // in a demo: names to type at the provider
}

func (s SignInPage) heading() string {
	if s.Fresh {
		return "Confirm that it is you"
	}
	return "Sign in"
}

func (s SignInPage) text() string {
	if s.Fresh {
		return "Approving asks for a recent sign-in. Nothing you did is lost: you come back to the same entry."
	}
	return "Amazon settlements, reconciled with Prophet 21. Your organisation decides who may sign in and in which role."
}

// Problem is an error for a person to read.
type Problem struct {
	Status    int    // HTTP status: 403, 404, 409, 422, 500, 503
	Message   string // what happened
	Retry     string // link to try again; "" where that cannot help
	RequestID string // what support needs to find it in the log
}

func (f Problem) heading() string {
	switch f.Status {
	case 400, 422:
		return "This needs another value"
	case 401:
		return "Please sign in"
	case 403:
		return "Not allowed for your role"
	case 404:
		return "There is no such page"
	case 409:
		return "This has changed meanwhile"
	case 429:
		return "One moment, please"
	case 503:
		return "Not available right now"
	}
	return "Something went wrong on our side"
}

func (f Problem) advice() string {
	switch f.Status {
	case 403:
		return "Nothing was changed. An administrator can give you the role."
	case 404:
		return "It may have been removed, or the address has a slip in it. Ctrl K finds things by id."
	case 409:
		return "Nothing was changed by you. Load it again to see what it says now."
	case 503:
		return "Nothing is lost: work waits and goes on by itself."
	case 500:
		return "Nothing was changed. It is in the log under the number below."
	}
	return "Nothing was changed."
}

func (f Problem) icon() string {
	switch f.Status {
	case 401, 403:
		return "lock"
	case 404:
		return "search"
	case 429, 503:
		return "plug"
	}
	return "triangle-alert"
}
