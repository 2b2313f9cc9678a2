// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/sha256"

	"github.com/wifiprov/wifiprov/internal/pb"
	"github.com/wifiprov/wifiprov/protocomm"
	"github.com/wifiprov/wifiprov/security"
	"github.com/wifiprov/wifiprov/security/sec1"
	"github.com/wifiprov/wifiprov/security/sec2"
)

// The secrets of all parts.
const (
	pop      = "abcd1234"
	user     = "wifiprov"
	password = "abcd1234"
)

// Security 1 with the keys of RFC 7748, 6.1: the proofs follow from the shared
// secret, pop and counter.
const (
	rfcClient       = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"
	rfcClientPublic = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"
	rfcDevice       = "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"
	rfcDevicePublic = "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"
	counter1        = "fffffffffffffffffffffffffffffffe" // wraps inside the handshake
	clientProof1    = "ca85c7b972490dacea3b0dbe17c853a7948f73bb9fc2300958a10b03d39acf99"
	deviceProof1    = "636f1f061b4ef383864facc9640b137cf15c1cd0ab519e14f5041f2d7b680303"
	cipher1         = "326d1bc0b0128aaffb9106bb0b7c5717029850" // of plain, as the client sends it
	plain           = "the quick brown fox"
)

// Security 2 with the private values 1, 2, 3, …; of long values the SHA-256.
// TestVectors2 computes the same with big integers.
const (
	salt2      = "0102030405060708090a0b0c0d0e0f10"
	verifier2  = "a09dc4ccceb34edb033b66b75ea6010cea0e8b275485ed9ceacdb2e9895cbc2f"
	public2    = "7f03c7c69567e4cfd421ffecf9e7eacfb0ba31682b66736d3eb58133c8b76ece"                                                                 // A
	response2  = "b1063dcff8ed218758efe8f5828c8fd7d5eec42a1d386c0d172d4ee4708971af"                                                                 // B
	proof2     = "60713e250e5f4ef9089595f98bb28226ea42b629ca9babbff9e6b3276469aa93c1d5a62fd587823ccaffe10ceb7b1bc7f4de5e283deef889e245bf0411f6d530" // M1
	answer2    = "b72c92e1c31d05866b60345ea6f19b224382b48306ac1488202f229d7d2a82eed5d2655e338f12352e98b62ebde8ff700f3681be0f3d362f2a11831a8aeab6d0" // M2
	encrypted2 = "d45cf0326cea8b52b62a4055142333b35ef0c4aed63e03541b1fc8b02e4f21510253ad"                                                           // plain, with its tag
)

// count is a reader of 1, 2, 3 …
type count byte

func (c *count) Read(p []byte) (int, error) {
	for i := range p {
		*c++
		p[i] = byte(*c)
	}
	return len(p), nil
}

// handshake does a handshake between both halves and returns its messages, and
// plain as the client encrypts it. The device can read that.
func handshake(client security.Client, device protocomm.Security) (messages []pb.SessionData, cipher []byte, err error) {
	session, err := device.NewSession()
	if err != nil {
		return nil, nil, err
	}
	defer session.Close()
	defer client.Close()
	for resp, done := []byte(nil), false; ; {
		var req []byte
		if req, done, err = client.Step(resp); err != nil {
			return nil, nil, err
		}
		if done {
			break
		}
		if resp, err = session.Handshake(nil, bytes.Clone(req)); err != nil {
			return nil, nil, err
		}
		for _, b := range [][]byte{req, resp} {
			var m pb.SessionData
			if err := m.Unmarshal(bytes.Clone(b)); err != nil {
				return nil, nil, err
			}
			messages = append(messages, m)
		}
	}
	if cipher, err = client.Encrypt(nil, []byte(plain)); err != nil {
		return nil, nil, err
	}
	read, err := session.Decrypt(bytes.Clone(cipher))
	if err != nil {
		return nil, nil, err
	}
	answer, err := session.Encrypt(nil, read)
	if err != nil {
		return nil, nil, err
	}
	back, err := client.Decrypt(nil, answer)
	if err != nil {
		return nil, nil, err
	}
	return messages, cipher, equal("what came back", back, []byte(plain))
}

// compared is a value and what it should be, in hexadecimal.
type compared struct {
	what string
	got  []byte
	want string
}

func compareAll(list []compared) error {
	for _, c := range list {
		if err := equal(c.what, c.got, unhex(c.want)); err != nil {
			return err
		}
	}
	return nil
}

func testSecurity1() error {
	client, err := sec1.NewClient(sec1.Config{PoP: pop, Rand: bytes.NewReader(unhex(rfcClient))})
	if err != nil {
		return err
	}
	device, err := sec1.New(sec1.Config{PoP: pop, Rand: bytes.NewReader(unhex(rfcDevice + counter1))})
	if err != nil {
		return err
	}
	m, cipher, err := handshake(client, device)
	if err != nil {
		return err
	}
	return compareAll([]compared{
		{"the client's public key", m[0].Sec1.Sc0.ClientPubkey, rfcClientPublic},
		{"the device's public key", m[1].Sec1.Sr0.DevicePubkey, rfcDevicePublic},
		{"the client's proof", m[2].Sec1.Sc1.ClientVerifyData, clientProof1},
		{"the device's proof", m[3].Sec1.Sr1.DeviceVerifyData, deviceProof1},
		{"the ciphertext", cipher, cipher1},
	})
}

func testSecurity2() error {
	salt := unhex(salt2)
	var verifier []byte
	err := apart(func() (err error) {
		verifier, err = sec2.Verifier(user, password, salt)
		return err
	})
	if err != nil {
		return err
	}
	client, err := sec2.NewClient(sec2.ClientConfig{Username: user, Password: password, PatchVersion: 1, Rand: new(count)})
	if err != nil {
		return err
	}
	device, err := sec2.New(sec2.Config{Salt: salt, Verifier: verifier, Rand: new(count)})
	if err != nil {
		return err
	}
	m, cipher, err := handshake(client, device)
	if err != nil {
		return err
	}
	return compareAll([]compared{
		{"the verifier's hash", hash(verifier), verifier2},
		{"the hash of A", hash(m[0].Sec2.Sc0.ClientPubkey), public2},
		{"the hash of B", hash(m[1].Sec2.Sr0.DevicePubkey), response2},
		{"M1", m[2].Sec2.Sc1.ClientProof, proof2},
		{"M2", m[3].Sec2.Sr1.DeviceProof, answer2},
		{"the ciphertext", cipher, encrypted2},
	})
}

func hash(b []byte) []byte {
	h := sha256.New()
	h.Write(b)
	return h.Sum(nil)
}
