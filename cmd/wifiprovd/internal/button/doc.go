// SPDX-License-Identifier: Apache-2.0

// Package button watches a push button on a GPIO line, through the kernel's character
// device (/dev/gpiochip0, Linux 5.10 or later). The kernel debounces the line and wakes
// the process at edges, so waiting costs nothing.
package button
