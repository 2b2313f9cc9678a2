// SPDX-License-Identifier: Apache-2.0

package client

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
)

// everyWay prints v with every verb and logs it.
func everyWay(v any) string {
	var out bytes.Buffer
	for _, verb := range []string{"v", "+v", "#v", "s", "q", "x", "X", "d", "t", "b", "o", "c", "U", "e", "g", "p", " x", "#x"} {
		fmt.Fprintf(&out, "%"+verb+"\n", v)
	}
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).Info("it", "v", v, slog.Group("g", "v", v))
	}
	b, _ := json.Marshal(v)
	out.Write(b)
	return out.String()
}
