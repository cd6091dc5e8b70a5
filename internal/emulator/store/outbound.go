package store

import "encoding/json"

// An Outbound is the Worker through which the requests of dispatched user
// Workers leave, and its parameters.
type Outbound struct {
	Service string
	Params  []string
}

// outbound is an Outbound as it is uploaded.
type outbound struct {
	Worker struct {
		Service string `json:"service"`
	} `json:"worker"`
	Params []outboundParam `json:"params"`
}

// An outboundParam is a string in the older schema, and an object in wrangler
// and newer SDKs.
type outboundParam struct{ Name string }

// UnmarshalJSON implements json.Unmarshaler.
func (p *outboundParam) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, &p.Name)
	}
	var object struct {
		Name string `json:"name"`
	}
	err := json.Unmarshal(data, &object)
	p.Name = object.Name
	return err
}

// Outbound returns the outbound Worker of a dispatch binding, if it has one.
func (b Binding) Outbound() (Outbound, error) {
	raw := b.Fields["outbound"]
	if raw == nil {
		return Outbound{}, nil
	}
	var uploaded outbound
	if err := json.Unmarshal(raw, &uploaded); err != nil {
		return Outbound{}, err
	}
	out := Outbound{Service: uploaded.Worker.Service}
	for _, param := range uploaded.Params {
		out.Params = append(out.Params, param.Name)
	}
	return out, nil
}
