// Package nvs is the key-value store that ESP32 devices keep in a flash
// partition, in ESP-IDF's format: it opens the partition of a real device and
// leaves one that ESP-IDF opens (spec/nvs.md, nvs-encryption.md).
package nvs
