// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"

	"github.com/wifiprov/wifiprov/internal/pb"
	"github.com/wifiprov/wifiprov/security"
)

// The network that is there, and what a provisioned device has.
const (
	network    = "HomeNet"
	passphrase = "correct horse"
	address    = "192.168.1.77"
)

// wire carries a request to an endpoint of the device and its answer back.
// On a machine with more room package client does this and the rest.
type wire interface {
	exchange(endpoint string, request []byte) (answer []byte, err error)
}

// phone is a client with a session.
type phone struct {
	wire
	cipher security.Client
	clock  *clock
}

// shake checks the version and does the handshake.
func (p *phone) shake(capability string) error {
	version, err := p.exchange("proto-ver", []byte("ESP"))
	if err != nil {
		return err
	}
	if !bytes.Contains(version, []byte(capability)) || !bytes.Contains(version, []byte("wifi_scan")) {
		return errors.New("the version is " + string(version))
	}
	for resp, done := []byte(nil), false; ; {
		var req []byte
		if req, done, err = p.cipher.Step(resp); done || err != nil {
			return err
		}
		if resp, err = p.exchange("prov-session", req); err != nil {
			return err
		}
	}
}

// message is a request or an answer.
type message interface {
	AppendTo([]byte) []byte
	Unmarshal([]byte) error
}

// ask sends a request and decodes the answer into the same message.
func (p *phone) ask(endpoint string, m message) error {
	req, err := p.cipher.Encrypt(nil, m.AppendTo(nil))
	if err != nil {
		return err
	}
	resp, err := p.exchange(endpoint, req)
	if err != nil {
		return err
	}
	plain, err := p.cipher.Decrypt(nil, resp)
	if err != nil {
		return err
	}
	return m.Unmarshal(plain)
}

// scan makes the device look for the network.
func (p *phone) scan() error {
	m := pb.WiFiScanPayload{Msg: pb.WiFiScanMsgTypeCmdScanStart, WhichPayload: pb.WiFiScanPayloadCmdScanStart}
	m.CmdScanStart = pb.CmdScanStart{GroupChannels: 5, PeriodMs: 120}
	if err := p.ask("prov-scan", &m); err != nil {
		return err
	}
	found := uint32(0)
	for finished := m.Status != 0; !finished; p.clock.step() {
		m = pb.WiFiScanPayload{Msg: pb.WiFiScanMsgTypeCmdScanStatus, WhichPayload: pb.WiFiScanPayloadCmdScanStatus}
		if err := p.ask("prov-scan", &m); err != nil {
			return err
		}
		finished, found = m.RespScanStatus.ScanFinished || m.Status != 0, m.RespScanStatus.ResultCount
	}
	m = pb.WiFiScanPayload{Msg: pb.WiFiScanMsgTypeCmdScanResult, WhichPayload: pb.WiFiScanPayloadCmdScanResult}
	m.CmdScanResult.Count = found
	if err := p.ask("prov-scan", &m); err != nil {
		return err
	}
	if list := m.RespScanResult.Entries; len(list) != 1 || string(list[0].SSID) != network || list[0].RSSI != -47 {
		return errors.New("the scan did not find " + network)
	}
	return nil
}

// join hands over credentials and waits for the outcome.
func (p *phone) join(secret string) (*pb.RespGetStatus, error) {
	m := pb.WiFiConfigPayload{Msg: pb.WiFiConfigMsgTypeCmdSetConfig, WhichPayload: pb.WiFiConfigPayloadCmdSetConfig}
	m.CmdSetConfig = pb.CmdSetConfig{SSID: []byte(network), Passphrase: []byte(secret)}
	if err := p.ask("prov-config", &m); err != nil {
		return nil, err
	}
	if m.RespSetConfig.Status != pb.StatusSuccess {
		return nil, errors.New("the credentials are refused: " + m.RespSetConfig.Status.String())
	}
	m = pb.WiFiConfigPayload{Msg: pb.WiFiConfigMsgTypeCmdApplyConfig, WhichPayload: pb.WiFiConfigPayloadCmdApplyConfig}
	if err := p.ask("prov-config", &m); err != nil {
		return nil, err
	}
	if m.RespApplyConfig.Status != pb.StatusSuccess {
		return nil, errors.New("the credentials are not applied: " + m.RespApplyConfig.Status.String())
	}
	for {
		m = pb.WiFiConfigPayload{Msg: pb.WiFiConfigMsgTypeCmdGetStatus, WhichPayload: pb.WiFiConfigPayloadCmdGetStatus}
		if err := p.ask("prov-config", &m); err != nil {
			return nil, err
		}
		if m.RespGetStatus.StaState != pb.WiFiStationStateConnecting {
			return &m.RespGetStatus, nil
		}
		p.clock.step()
	}
}

// provision is a provisioning by a user who mistypes the passphrase at first.
func (p *phone) provision(capability string) error {
	if err := p.shake(capability); err != nil {
		return errors.New("handshake: " + err.Error())
	}
	if err := p.scan(); err != nil {
		return errors.New("scan: " + err.Error())
	}
	status, err := p.join("correct house")
	if err != nil {
		return errors.New("wrong passphrase: " + err.Error())
	}
	if status.StaState != pb.WiFiStationStateConnectionFailed || status.FailReason != pb.WiFiConnectFailedReasonAuthError {
		return errors.New("wrong passphrase: the state is " + status.StaState.String())
	}
	m := pb.WiFiCtrlPayload{Msg: pb.WiFiCtrlMsgTypeCmdCtrlReset, WhichPayload: pb.WiFiCtrlPayloadCmdCtrlReset}
	if err := p.ask("prov-ctrl", &m); err != nil {
		return errors.New("reset: " + err.Error())
	}
	if m.Status != pb.StatusSuccess {
		return errors.New("reset: " + m.Status.String())
	}
	if status, err = p.join(passphrase); err != nil {
		return errors.New("right passphrase: " + err.Error())
	}
	if status.StaState != pb.WiFiStationStateConnected || status.Connected.IP4Addr != address {
		return errors.New("right passphrase: the state is " + status.StaState.String() + ", the address " + status.Connected.IP4Addr)
	}
	return nil
}
