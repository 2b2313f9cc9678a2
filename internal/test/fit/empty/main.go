// SPDX-License-Identifier: Apache-2.0

// Empty is the program that the others are compared with.
package main

func main() { println("empty") }
