/**
 * The commands and events of QEMU 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3) for x86_64.
 *
 * Made by `scripts/qapi.ts` of wirechart from the reply of `query-qmp-schema`: do not edit.
 * Names of types and widths of integers: from the schema files of QEMU 7.2.0.
 * Names and shapes are facts of the interface; no text of QEMU's documentation is included.
 */

import type { Empty, Int64, JsonValue } from './base.ts';

/** All commands and events. */
export interface Qapi {
  commands: Commands;
  events: Events;
}

/** The arguments and the return value of each command. */
export interface Commands {
  'add-fd': { arguments: AddFdArguments; returns: AddfdInfo };
  add_client: { arguments: AddClientArguments; returns: Empty };
  'announce-self': { arguments: AnnounceParameters; returns: Empty };
  balloon: { arguments: BalloonArguments; returns: Empty };
  'block-commit': { arguments: BlockCommitArguments; returns: Empty };
  'block-dirty-bitmap-add': { arguments: BlockDirtyBitmapAdd; returns: Empty };
  'block-dirty-bitmap-clear': { arguments: BlockDirtyBitmap; returns: Empty };
  'block-dirty-bitmap-disable': { arguments: BlockDirtyBitmap; returns: Empty };
  'block-dirty-bitmap-enable': { arguments: BlockDirtyBitmap; returns: Empty };
  'block-dirty-bitmap-merge': { arguments: BlockDirtyBitmapMerge; returns: Empty };
  'block-dirty-bitmap-remove': { arguments: BlockDirtyBitmap; returns: Empty };
  'block-export-add': { arguments: BlockExportOptions; returns: Empty };
  'block-export-del': { arguments: BlockExportDelArguments; returns: Empty };
  'block-job-cancel': { arguments: BlockJobCancelArguments; returns: Empty };
  'block-job-complete': { arguments: BlockJobCompleteArguments; returns: Empty };
  'block-job-dismiss': { arguments: BlockJobDismissArguments; returns: Empty };
  'block-job-finalize': { arguments: BlockJobFinalizeArguments; returns: Empty };
  'block-job-pause': { arguments: BlockJobPauseArguments; returns: Empty };
  'block-job-resume': { arguments: BlockJobResumeArguments; returns: Empty };
  'block-job-set-speed': { arguments: BlockJobSetSpeedArguments; returns: Empty };
  'block-latency-histogram-set': { arguments: BlockLatencyHistogramSetArguments; returns: Empty };
  'block-set-write-threshold': { arguments: BlockSetWriteThresholdArguments; returns: Empty };
  'block-stream': { arguments: BlockStreamArguments; returns: Empty };
  block_resize: { arguments: BlockResizeArguments; returns: Empty };
  block_set_io_throttle: { arguments: BlockIOThrottle; returns: Empty };
  'blockdev-add': { arguments: BlockdevOptions; returns: Empty };
  'blockdev-backup': { arguments: BlockdevBackup; returns: Empty };
  'blockdev-change-medium': { arguments: BlockdevChangeMediumArguments; returns: Empty };
  'blockdev-close-tray': { arguments: BlockdevCloseTrayArguments; returns: Empty };
  'blockdev-create': { arguments: BlockdevCreateArguments; returns: Empty };
  'blockdev-del': { arguments: BlockdevDelArguments; returns: Empty };
  'blockdev-insert-medium': { arguments: BlockdevInsertMediumArguments; returns: Empty };
  'blockdev-mirror': { arguments: BlockdevMirrorArguments; returns: Empty };
  'blockdev-open-tray': { arguments: BlockdevOpenTrayArguments; returns: Empty };
  'blockdev-remove-medium': { arguments: BlockdevRemoveMediumArguments; returns: Empty };
  'blockdev-reopen': { arguments: BlockdevReopenArguments; returns: Empty };
  'blockdev-snapshot': { arguments: BlockdevSnapshot; returns: Empty };
  'blockdev-snapshot-delete-internal-sync': { arguments: BlockdevSnapshotDeleteInternalSyncArguments; returns: SnapshotInfo };
  'blockdev-snapshot-internal-sync': { arguments: BlockdevSnapshotInternal; returns: Empty };
  'blockdev-snapshot-sync': { arguments: BlockdevSnapshotSync; returns: Empty };
  'calc-dirty-rate': { arguments: CalcDirtyRateArguments; returns: Empty };
  'cancel-vcpu-dirty-limit': { arguments: CancelVcpuDirtyLimitArguments; returns: Empty };
  'change-backing-file': { arguments: ChangeBackingFileArguments; returns: Empty };
  'change-vnc-password': { arguments: ChangeVncPasswordArguments; returns: Empty };
  'chardev-add': { arguments: ChardevAddArguments; returns: ChardevReturn };
  'chardev-change': { arguments: ChardevChangeArguments; returns: ChardevReturn };
  'chardev-remove': { arguments: ChardevRemoveArguments; returns: Empty };
  'chardev-send-break': { arguments: ChardevSendBreakArguments; returns: Empty };
  client_migrate_info: { arguments: ClientMigrateInfoArguments; returns: Empty };
  closefd: { arguments: ClosefdArguments; returns: Empty };
  cont: { arguments: Empty; returns: Empty };
  'device-list-properties': { arguments: DeviceListPropertiesArguments; returns: readonly ObjectPropertyInfo[] };
  device_add: { arguments: DeviceAddArguments; returns: Empty };
  device_del: { arguments: DeviceDelArguments; returns: Empty };
  'display-reload': { arguments: DisplayReloadOptions; returns: Empty };
  'display-update': { arguments: DisplayUpdateOptions; returns: Empty };
  /** @deprecated */
  'drive-backup': { arguments: DriveBackup; returns: Empty };
  'drive-mirror': { arguments: DriveMirror; returns: Empty };
  'dump-guest-memory': { arguments: DumpGuestMemoryArguments; returns: Empty };
  dumpdtb: { arguments: DumpdtbArguments; returns: Empty };
  eject: { arguments: EjectArguments; returns: Empty };
  expire_password: { arguments: ExpirePasswordOptions; returns: Empty };
  getfd: { arguments: GetfdArguments; returns: Empty };
  'human-monitor-command': { arguments: HumanMonitorCommandArguments; returns: string };
  'inject-nmi': { arguments: Empty; returns: Empty };
  'input-send-event': { arguments: InputSendEventArguments; returns: Empty };
  'job-cancel': { arguments: JobCancelArguments; returns: Empty };
  'job-complete': { arguments: JobCompleteArguments; returns: Empty };
  'job-dismiss': { arguments: JobDismissArguments; returns: Empty };
  'job-finalize': { arguments: JobFinalizeArguments; returns: Empty };
  'job-pause': { arguments: JobPauseArguments; returns: Empty };
  'job-resume': { arguments: JobResumeArguments; returns: Empty };
  memsave: { arguments: MemsaveArguments; returns: Empty };
  migrate: { arguments: MigrateArguments; returns: Empty };
  'migrate-continue': { arguments: MigrateContinueArguments; returns: Empty };
  'migrate-incoming': { arguments: MigrateIncomingArguments; returns: Empty };
  /** Can be executed out of band. */
  'migrate-pause': { arguments: Empty; returns: Empty };
  /** Can be executed out of band. */
  'migrate-recover': { arguments: MigrateRecoverArguments; returns: Empty };
  'migrate-set-capabilities': { arguments: MigrateSetCapabilitiesArguments; returns: Empty };
  'migrate-set-parameters': { arguments: MigrateSetParameters; returns: Empty };
  'migrate-start-postcopy': { arguments: Empty; returns: Empty };
  migrate_cancel: { arguments: Empty; returns: Empty };
  /** @deprecated */
  'nbd-server-add': { arguments: NbdServerAddOptions; returns: Empty };
  /** @deprecated */
  'nbd-server-remove': { arguments: NbdServerRemoveArguments; returns: Empty };
  'nbd-server-start': { arguments: NbdServerStartArguments; returns: Empty };
  'nbd-server-stop': { arguments: Empty; returns: Empty };
  netdev_add: { arguments: Netdev; returns: Empty };
  netdev_del: { arguments: NetdevDelArguments; returns: Empty };
  'object-add': { arguments: ObjectOptions; returns: Empty };
  'object-del': { arguments: ObjectDelArguments; returns: Empty };
  pmemsave: { arguments: PmemsaveArguments; returns: Empty };
  qmp_capabilities: { arguments: QmpCapabilitiesArguments; returns: Empty };
  'qom-get': { arguments: QomGetArguments; returns: JsonValue };
  'qom-list': { arguments: QomListArguments; returns: readonly ObjectPropertyInfo[] };
  'qom-list-properties': { arguments: QomListPropertiesArguments; returns: readonly ObjectPropertyInfo[] };
  'qom-list-types': { arguments: QomListTypesArguments; returns: readonly ObjectTypeInfo[] };
  'qom-set': { arguments: QomSetArguments; returns: Empty };
  'query-acpi-ospm-status': { arguments: Empty; returns: readonly ACPIOSTInfo[] };
  'query-balloon': { arguments: Empty; returns: BalloonInfo };
  'query-block': { arguments: Empty; returns: readonly BlockInfo[] };
  'query-block-exports': { arguments: Empty; returns: readonly BlockExportInfo[] };
  'query-block-jobs': { arguments: Empty; returns: readonly BlockJobInfo[] };
  'query-blockstats': { arguments: QueryBlockstatsArguments; returns: readonly BlockStats[] };
  'query-chardev': { arguments: Empty; returns: readonly ChardevInfo[] };
  'query-chardev-backends': { arguments: Empty; returns: readonly ChardevBackendInfo[] };
  'query-colo-status': { arguments: Empty; returns: COLOStatus };
  'query-command-line-options': { arguments: QueryCommandLineOptionsArguments; returns: readonly CommandLineOptionInfo[] };
  'query-commands': { arguments: Empty; returns: readonly CommandInfo[] };
  'query-cpu-definitions': { arguments: Empty; returns: readonly CpuDefinitionInfo[] };
  'query-cpu-model-expansion': { arguments: QueryCpuModelExpansionArguments; returns: CpuModelExpansionInfo };
  'query-cpus-fast': { arguments: Empty; returns: readonly CpuInfoFast[] };
  'query-current-machine': { arguments: Empty; returns: CurrentMachineParams };
  'query-dirty-rate': { arguments: Empty; returns: DirtyRateInfo };
  'query-display-options': { arguments: Empty; returns: DisplayOptions };
  'query-dump': { arguments: Empty; returns: DumpQueryResult };
  'query-dump-guest-memory-capability': { arguments: Empty; returns: DumpGuestMemoryCapability };
  'query-fdsets': { arguments: Empty; returns: readonly FdsetInfo[] };
  'query-hotpluggable-cpus': { arguments: Empty; returns: readonly HotpluggableCPU[] };
  'query-iothreads': { arguments: Empty; returns: readonly IOThreadInfo[] };
  'query-jobs': { arguments: Empty; returns: readonly JobInfo[] };
  'query-kvm': { arguments: Empty; returns: KvmInfo };
  'query-machines': { arguments: Empty; returns: readonly MachineInfo[] };
  'query-memdev': { arguments: Empty; returns: readonly Memdev[] };
  'query-memory-devices': { arguments: Empty; returns: readonly MemoryDeviceInfo[] };
  'query-memory-size-summary': { arguments: Empty; returns: MemoryInfo };
  'query-mice': { arguments: Empty; returns: readonly MouseInfo[] };
  'query-migrate': { arguments: Empty; returns: MigrationInfo };
  'query-migrate-capabilities': { arguments: Empty; returns: readonly MigrationCapabilityStatus[] };
  'query-migrate-parameters': { arguments: Empty; returns: MigrationParameters };
  'query-name': { arguments: Empty; returns: NameInfo };
  'query-named-block-nodes': { arguments: QueryNamedBlockNodesArguments; returns: readonly BlockDeviceInfo[] };
  'query-pci': { arguments: Empty; returns: readonly PciInfo[] };
  'query-pr-managers': { arguments: Empty; returns: readonly PRManagerInfo[] };
  'query-qmp-schema': { arguments: Empty; returns: readonly SchemaInfo[] };
  'query-replay': { arguments: Empty; returns: ReplayInfo };
  'query-rocker': { arguments: QueryRockerArguments; returns: RockerSwitch };
  'query-rocker-of-dpa-flows': { arguments: QueryRockerOfDpaFlowsArguments; returns: readonly RockerOfDpaFlow[] };
  'query-rocker-of-dpa-groups': { arguments: QueryRockerOfDpaGroupsArguments; returns: readonly RockerOfDpaGroup[] };
  'query-rocker-ports': { arguments: QueryRockerPortsArguments; returns: readonly RockerPort[] };
  'query-rx-filter': { arguments: QueryRxFilterArguments; returns: readonly RxFilterInfo[] };
  'query-sev': { arguments: Empty; returns: SevInfo };
  'query-sev-attestation-report': { arguments: QuerySevAttestationReportArguments; returns: SevAttestationReport };
  'query-sev-capabilities': { arguments: Empty; returns: SevCapability };
  'query-sev-launch-measure': { arguments: Empty; returns: SevLaunchMeasureInfo };
  'query-sgx': { arguments: Empty; returns: SGXInfo };
  'query-sgx-capabilities': { arguments: Empty; returns: SGXInfo };
  'query-spice': { arguments: Empty; returns: SpiceInfo };
  'query-stats': { arguments: StatsFilter; returns: readonly StatsResult[] };
  'query-stats-schemas': { arguments: QueryStatsSchemasArguments; returns: readonly StatsSchema[] };
  'query-status': { arguments: Empty; returns: StatusInfo };
  'query-target': { arguments: Empty; returns: TargetInfo };
  'query-tpm': { arguments: Empty; returns: readonly TPMInfo[] };
  'query-tpm-models': { arguments: Empty; returns: readonly TpmModel[] };
  'query-tpm-types': { arguments: Empty; returns: readonly TpmType[] };
  'query-uuid': { arguments: Empty; returns: UuidInfo };
  'query-vcpu-dirty-limit': { arguments: Empty; returns: readonly DirtyLimitInfo[] };
  'query-version': { arguments: Empty; returns: VersionInfo };
  'query-vm-generation-id': { arguments: Empty; returns: GuidInfo };
  'query-vnc': { arguments: Empty; returns: VncInfo };
  'query-vnc-servers': { arguments: Empty; returns: readonly VncInfo2[] };
  'query-xen-replication-status': { arguments: Empty; returns: ReplicationStatus };
  /** Can be executed out of band. */
  'query-yank': { arguments: Empty; returns: readonly YankInstance[] };
  quit: { arguments: Empty; returns: Empty };
  'remove-fd': { arguments: RemoveFdArguments; returns: Empty };
  'replay-break': { arguments: ReplayBreakArguments; returns: Empty };
  'replay-delete-break': { arguments: Empty; returns: Empty };
  'replay-seek': { arguments: ReplaySeekArguments; returns: Empty };
  'ringbuf-read': { arguments: RingbufReadArguments; returns: string };
  'ringbuf-write': { arguments: RingbufWriteArguments; returns: Empty };
  'rtc-reset-reinjection': { arguments: Empty; returns: Empty };
  screendump: { arguments: ScreendumpArguments; returns: Empty };
  'send-key': { arguments: SendKeyArguments; returns: Empty };
  'set-action': { arguments: SetActionArguments; returns: Empty };
  'set-numa-node': { arguments: NumaOptions; returns: Empty };
  'set-vcpu-dirty-limit': { arguments: SetVcpuDirtyLimitArguments; returns: Empty };
  set_link: { arguments: SetLinkArguments; returns: Empty };
  set_password: { arguments: SetPasswordOptions; returns: Empty };
  'sev-inject-launch-secret': { arguments: SevInjectLaunchSecretArguments; returns: Empty };
  'snapshot-delete': { arguments: SnapshotDeleteArguments; returns: Empty };
  'snapshot-load': { arguments: SnapshotLoadArguments; returns: Empty };
  'snapshot-save': { arguments: SnapshotSaveArguments; returns: Empty };
  stop: { arguments: Empty; returns: Empty };
  system_powerdown: { arguments: Empty; returns: Empty };
  system_reset: { arguments: Empty; returns: Empty };
  system_wakeup: { arguments: Empty; returns: Empty };
  'trace-event-get-state': { arguments: TraceEventGetStateArguments; returns: readonly TraceEventInfo[] };
  'trace-event-set-state': { arguments: TraceEventSetStateArguments; returns: Empty };
  transaction: { arguments: TransactionArguments; returns: Empty };
  'watchdog-set-action': { arguments: WatchdogSetActionArguments; returns: Empty };
  /** @experimental */
  'x-blockdev-amend': { arguments: XBlockdevAmendArguments; returns: Empty };
  /** @experimental */
  'x-blockdev-change': { arguments: XBlockdevChangeArguments; returns: Empty };
  /** @experimental */
  'x-blockdev-set-iothread': { arguments: XBlockdevSetIothreadArguments; returns: Empty };
  /** @experimental */
  'x-colo-lost-heartbeat': { arguments: Empty; returns: Empty };
  /** @experimental */
  'x-debug-block-dirty-bitmap-sha256': { arguments: BlockDirtyBitmap; returns: BlockDirtyBitmapSha256 };
  /** @experimental */
  'x-debug-query-block-graph': { arguments: Empty; returns: XDbgBlockGraph };
  /** @experimental */
  'x-exit-preconfig': { arguments: Empty; returns: Empty };
  /** @experimental */
  'x-query-irq': { arguments: Empty; returns: HumanReadableText };
  /** @experimental */
  'x-query-jit': { arguments: Empty; returns: HumanReadableText };
  /** @experimental */
  'x-query-numa': { arguments: Empty; returns: HumanReadableText };
  /** @experimental */
  'x-query-opcount': { arguments: Empty; returns: HumanReadableText };
  /** @experimental */
  'x-query-profile': { arguments: Empty; returns: HumanReadableText };
  /** @experimental */
  'x-query-ramblock': { arguments: Empty; returns: HumanReadableText };
  /** @experimental */
  'x-query-rdma': { arguments: Empty; returns: HumanReadableText };
  /** @experimental */
  'x-query-roms': { arguments: Empty; returns: HumanReadableText };
  /** @experimental */
  'x-query-usb': { arguments: Empty; returns: HumanReadableText };
  /** @experimental */
  'x-query-virtio': { arguments: Empty; returns: readonly VirtioInfo[] };
  /** @experimental */
  'x-query-virtio-queue-element': { arguments: XQueryVirtioQueueElementArguments; returns: VirtioQueueElement };
  /** @experimental */
  'x-query-virtio-queue-status': { arguments: XQueryVirtioQueueStatusArguments; returns: VirtQueueStatus };
  /** @experimental */
  'x-query-virtio-status': { arguments: XQueryVirtioStatusArguments; returns: VirtioStatus };
  /** @experimental */
  'x-query-virtio-vhost-queue-status': { arguments: XQueryVirtioVhostQueueStatusArguments; returns: VirtVhostQueueStatus };
  'xen-colo-do-checkpoint': { arguments: Empty; returns: Empty };
  'xen-load-devices-state': { arguments: XenLoadDevicesStateArguments; returns: Empty };
  'xen-save-devices-state': { arguments: XenSaveDevicesStateArguments; returns: Empty };
  'xen-set-global-dirty-log': { arguments: XenSetGlobalDirtyLogArguments; returns: Empty };
  'xen-set-replication': { arguments: XenSetReplicationArguments; returns: Empty };
  /** Can be executed out of band. */
  yank: { arguments: YankArguments; returns: Empty };
}

/** The data of each event. */
export interface Events {
  ACPI_DEVICE_OST: AcpiDeviceOstData;
  BALLOON_CHANGE: BalloonChangeData;
  BLOCK_EXPORT_DELETED: BlockExportDeletedData;
  BLOCK_IMAGE_CORRUPTED: BlockImageCorruptedData;
  BLOCK_IO_ERROR: BlockIoErrorData;
  BLOCK_JOB_CANCELLED: BlockJobCancelledData;
  BLOCK_JOB_COMPLETED: BlockJobCompletedData;
  BLOCK_JOB_ERROR: BlockJobErrorData;
  BLOCK_JOB_PENDING: BlockJobPendingData;
  BLOCK_JOB_READY: BlockJobReadyData;
  BLOCK_WRITE_THRESHOLD: BlockWriteThresholdData;
  COLO_EXIT: ColoExitData;
  DEVICE_DELETED: DeviceDeletedData;
  DEVICE_TRAY_MOVED: DeviceTrayMovedData;
  DEVICE_UNPLUG_GUEST_ERROR: DeviceUnplugGuestErrorData;
  DUMP_COMPLETED: DumpCompletedData;
  FAILOVER_NEGOTIATED: FailoverNegotiatedData;
  GUEST_CRASHLOADED: GuestCrashloadedData;
  GUEST_PANICKED: GuestPanickedData;
  JOB_STATUS_CHANGE: JobStatusChangeData;
  MEMORY_DEVICE_SIZE_CHANGE: MemoryDeviceSizeChangeData;
  MEMORY_FAILURE: MemoryFailureData;
  /** @deprecated */
  MEM_UNPLUG_ERROR: MemUnplugErrorData;
  MIGRATION: MigrationData;
  MIGRATION_PASS: MigrationPassData;
  NETDEV_STREAM_CONNECTED: NetdevStreamConnectedData;
  NETDEV_STREAM_DISCONNECTED: NetdevStreamDisconnectedData;
  NIC_RX_FILTER_CHANGED: NicRxFilterChangedData;
  POWERDOWN: undefined;
  PR_MANAGER_STATUS_CHANGED: PrManagerStatusChangedData;
  QUORUM_FAILURE: QuorumFailureData;
  QUORUM_REPORT_BAD: QuorumReportBadData;
  RDMA_GID_STATUS_CHANGED: RdmaGidStatusChangedData;
  RESET: ResetData;
  RESUME: undefined;
  RTC_CHANGE: RtcChangeData;
  SHUTDOWN: ShutdownData;
  SPICE_CONNECTED: SpiceConnectedData;
  SPICE_DISCONNECTED: SpiceDisconnectedData;
  SPICE_INITIALIZED: SpiceInitializedData;
  SPICE_MIGRATE_COMPLETED: undefined;
  STOP: undefined;
  SUSPEND: undefined;
  SUSPEND_DISK: undefined;
  UNPLUG_PRIMARY: UnplugPrimaryData;
  VFU_CLIENT_HANGUP: VfuClientHangupData;
  VNC_CONNECTED: VncConnectedData;
  VNC_DISCONNECTED: VncDisconnectedData;
  VNC_INITIALIZED: VncInitializedData;
  VSERPORT_CHANGE: VserportChangeData;
  WAKEUP: undefined;
  WATCHDOG: WatchdogData;
}

export interface ACPIOSTInfo {
  device?: string | undefined;
  slot: string;
  'slot-type': ACPISlotType;
  source: Int64;
  status: Int64;
}

export type ACPISlotType = 'DIMM' | 'CPU';

export interface AbortWrapper {
  data: Empty;
}

export interface AcpiDeviceOstData {
  info: ACPIOSTInfo;
}

export type ActionCompletionMode = 'individual' | 'grouped';

export interface AddClientArguments {
  protocol: string;
  fdname: string;
  skipauth?: boolean | undefined;
  tls?: boolean | undefined;
}

export interface AddFdArguments {
  'fdset-id'?: Int64 | undefined;
  opaque?: string | undefined;
}

export interface AddfdInfo {
  'fdset-id': Int64;
  fd: Int64;
}

export interface AnnounceParameters {
  initial: Int64;
  max: Int64;
  rounds: Int64;
  step: Int64;
  interfaces?: readonly string[] | undefined;
  id?: string | undefined;
}

export interface AuthZListFileProperties {
  filename: string;
  refresh?: boolean | undefined;
}

export interface AuthZListProperties {
  policy?: QAuthZListPolicy | undefined;
  rules?: readonly QAuthZListRule[] | undefined;
}

export interface AuthZPAMProperties {
  service: string;
}

export interface AuthZSimpleProperties {
  identity: string;
}

export interface BackupPerf {
  'use-copy-range'?: boolean | undefined;
  'max-workers'?: Int64 | undefined;
  'max-chunk'?: Int64 | undefined;
}

export interface BalloonArguments {
  value: Int64;
}

export interface BalloonChangeData {
  actual: Int64;
}

export interface BalloonInfo {
  actual: Int64;
}

export interface BitmapMigrationBitmapAlias {
  name: string;
  alias: string;
  transform?: BitmapMigrationBitmapAliasTransform | undefined;
}

export interface BitmapMigrationBitmapAliasTransform {
  persistent?: boolean | undefined;
}

export interface BitmapMigrationNodeAlias {
  'node-name': string;
  alias: string;
  bitmaps: readonly BitmapMigrationBitmapAlias[];
}

export type BitmapSyncMode = 'on-success' | 'never' | 'always';

export type BlkdebugEvent =
  | 'l1_update'
  | 'l1_grow_alloc_table'
  | 'l1_grow_write_table'
  | 'l1_grow_activate_table'
  | 'l2_load'
  | 'l2_update'
  | 'l2_update_compressed'
  | 'l2_alloc_cow_read'
  | 'l2_alloc_write'
  | 'read_aio'
  | 'read_backing_aio'
  | 'read_compressed'
  | 'write_aio'
  | 'write_compressed'
  | 'vmstate_load'
  | 'vmstate_save'
  | 'cow_read'
  | 'cow_write'
  | 'reftable_load'
  | 'reftable_grow'
  | 'reftable_update'
  | 'refblock_load'
  | 'refblock_update'
  | 'refblock_update_part'
  | 'refblock_alloc'
  | 'refblock_alloc_hookup'
  | 'refblock_alloc_write'
  | 'refblock_alloc_write_blocks'
  | 'refblock_alloc_write_table'
  | 'refblock_alloc_switch_table'
  | 'cluster_alloc'
  | 'cluster_alloc_bytes'
  | 'cluster_free'
  | 'flush_to_os'
  | 'flush_to_disk'
  | 'pwritev_rmw_head'
  | 'pwritev_rmw_after_head'
  | 'pwritev_rmw_tail'
  | 'pwritev_rmw_after_tail'
  | 'pwritev'
  | 'pwritev_zero'
  | 'pwritev_done'
  | 'empty_image_prepare'
  | 'l1_shrink_write_table'
  | 'l1_shrink_free_l2_clusters'
  | 'cor_write'
  | 'cluster_alloc_space'
  | 'none';

export type BlkdebugIOType =
  | 'read'
  | 'write'
  | 'write-zeroes'
  | 'discard'
  | 'flush'
  | 'block-status';

export interface BlkdebugInjectErrorOptions {
  event: BlkdebugEvent;
  state?: Int64 | undefined;
  iotype?: BlkdebugIOType | undefined;
  errno?: Int64 | undefined;
  sector?: Int64 | undefined;
  once?: boolean | undefined;
  immediately?: boolean | undefined;
}

export interface BlkdebugSetStateOptions {
  event: BlkdebugEvent;
  state?: Int64 | undefined;
  new_state: Int64;
}

export interface BlockCommitArguments {
  'job-id'?: string | undefined;
  device: string;
  'base-node'?: string | undefined;
  /** @deprecated */
  base?: string | undefined;
  'top-node'?: string | undefined;
  /** @deprecated */
  top?: string | undefined;
  'backing-file'?: string | undefined;
  speed?: Int64 | undefined;
  'on-error'?: BlockdevOnError | undefined;
  'filter-node-name'?: string | undefined;
  'auto-finalize'?: boolean | undefined;
  'auto-dismiss'?: boolean | undefined;
}

export interface BlockDeviceInfo {
  file: string;
  'node-name'?: string | undefined;
  ro: boolean;
  drv: string;
  backing_file?: string | undefined;
  backing_file_depth: Int64;
  encrypted: boolean;
  detect_zeroes: BlockdevDetectZeroesOptions;
  bps: Int64;
  bps_rd: Int64;
  bps_wr: Int64;
  iops: Int64;
  iops_rd: Int64;
  iops_wr: Int64;
  image: ImageInfo;
  bps_max?: Int64 | undefined;
  bps_rd_max?: Int64 | undefined;
  bps_wr_max?: Int64 | undefined;
  iops_max?: Int64 | undefined;
  iops_rd_max?: Int64 | undefined;
  iops_wr_max?: Int64 | undefined;
  bps_max_length?: Int64 | undefined;
  bps_rd_max_length?: Int64 | undefined;
  bps_wr_max_length?: Int64 | undefined;
  iops_max_length?: Int64 | undefined;
  iops_rd_max_length?: Int64 | undefined;
  iops_wr_max_length?: Int64 | undefined;
  iops_size?: Int64 | undefined;
  group?: string | undefined;
  cache: BlockdevCacheInfo;
  write_threshold: Int64;
  'dirty-bitmaps'?: readonly BlockDirtyInfo[] | undefined;
}

export type BlockDeviceIoStatus = 'ok' | 'failed' | 'nospace';

export interface BlockDeviceStats {
  rd_bytes: Int64;
  wr_bytes: Int64;
  unmap_bytes: Int64;
  rd_operations: Int64;
  wr_operations: Int64;
  flush_operations: Int64;
  unmap_operations: Int64;
  rd_total_time_ns: Int64;
  wr_total_time_ns: Int64;
  flush_total_time_ns: Int64;
  unmap_total_time_ns: Int64;
  wr_highest_offset: Int64;
  rd_merged: Int64;
  wr_merged: Int64;
  unmap_merged: Int64;
  idle_time_ns?: Int64 | undefined;
  failed_rd_operations: Int64;
  failed_wr_operations: Int64;
  failed_flush_operations: Int64;
  failed_unmap_operations: Int64;
  invalid_rd_operations: Int64;
  invalid_wr_operations: Int64;
  invalid_flush_operations: Int64;
  invalid_unmap_operations: Int64;
  account_invalid: boolean;
  account_failed: boolean;
  timed_stats: readonly BlockDeviceTimedStats[];
  rd_latency_histogram?: BlockLatencyHistogramInfo | undefined;
  wr_latency_histogram?: BlockLatencyHistogramInfo | undefined;
  flush_latency_histogram?: BlockLatencyHistogramInfo | undefined;
}

export interface BlockDeviceTimedStats {
  interval_length: Int64;
  min_rd_latency_ns: Int64;
  max_rd_latency_ns: Int64;
  avg_rd_latency_ns: Int64;
  min_wr_latency_ns: Int64;
  max_wr_latency_ns: Int64;
  avg_wr_latency_ns: Int64;
  min_flush_latency_ns: Int64;
  max_flush_latency_ns: Int64;
  avg_flush_latency_ns: Int64;
  avg_rd_queue_depth: number;
  avg_wr_queue_depth: number;
}

export interface BlockDirtyBitmap {
  node: string;
  name: string;
}

export interface BlockDirtyBitmapAdd {
  node: string;
  name: string;
  granularity?: number | undefined;
  persistent?: boolean | undefined;
  disabled?: boolean | undefined;
}

export interface BlockDirtyBitmapAddWrapper {
  data: BlockDirtyBitmapAdd;
}

export interface BlockDirtyBitmapMerge {
  node: string;
  target: string;
  bitmaps: readonly BlockDirtyBitmapOrStr[];
}

export interface BlockDirtyBitmapMergeWrapper {
  data: BlockDirtyBitmapMerge;
}

export type BlockDirtyBitmapOrStr = string | BlockDirtyBitmap;

export interface BlockDirtyBitmapSha256 {
  sha256: string;
}

export interface BlockDirtyBitmapWrapper {
  data: BlockDirtyBitmap;
}

export interface BlockDirtyInfo {
  name?: string | undefined;
  count: Int64;
  granularity: number;
  recording: boolean;
  busy: boolean;
  persistent: boolean;
  inconsistent?: boolean | undefined;
}

export type BlockErrorAction = 'ignore' | 'report' | 'stop';

export interface BlockExportDelArguments {
  id: string;
  mode?: BlockExportRemoveMode | undefined;
}

export interface BlockExportDeletedData {
  id: string;
}

export interface BlockExportInfo {
  id: string;
  type: BlockExportType;
  'node-name': string;
  'shutting-down': boolean;
}

export type BlockExportOptions =
  | BlockExportOptions_nbd
  | BlockExportOptions_vhost_user_blk
  | BlockExportOptions_fuse
  | BlockExportOptions_vduse_blk;

export interface BlockExportOptionsFuse {
  mountpoint: string;
  growable?: boolean | undefined;
  'allow-other'?: FuseExportAllowOther | undefined;
}

export interface BlockExportOptionsNbd {
  name?: string | undefined;
  description?: string | undefined;
  bitmaps?: readonly BlockDirtyBitmapOrStr[] | undefined;
  'allocation-depth'?: boolean | undefined;
}

export interface BlockExportOptionsVduseBlk {
  name: string;
  'num-queues'?: number | undefined;
  'queue-size'?: number | undefined;
  'logical-block-size'?: Int64 | undefined;
  serial?: string | undefined;
}

export interface BlockExportOptionsVhostUserBlk {
  addr: SocketAddress;
  'logical-block-size'?: Int64 | undefined;
  'num-queues'?: number | undefined;
}

/** What all kinds of `BlockExportOptions` have. */
export interface BlockExportOptions_base {
  id: string;
  'fixed-iothread'?: boolean | undefined;
  iothread?: string | undefined;
  'node-name': string;
  writable?: boolean | undefined;
  writethrough?: boolean | undefined;
}

export interface BlockExportOptions_fuse extends BlockExportOptions_base, BlockExportOptionsFuse {
  type: 'fuse';
}

export interface BlockExportOptions_nbd extends BlockExportOptions_base, BlockExportOptionsNbd {
  type: 'nbd';
}

export interface BlockExportOptions_vduse_blk extends BlockExportOptions_base, BlockExportOptionsVduseBlk {
  type: 'vduse-blk';
}

export interface BlockExportOptions_vhost_user_blk extends BlockExportOptions_base, BlockExportOptionsVhostUserBlk {
  type: 'vhost-user-blk';
}

export type BlockExportRemoveMode = 'safe' | 'hard';

export type BlockExportType = 'nbd' | 'vhost-user-blk' | 'fuse' | 'vduse-blk';

export interface BlockIOThrottle {
  /** @deprecated */
  device?: string | undefined;
  id?: string | undefined;
  bps: Int64;
  bps_rd: Int64;
  bps_wr: Int64;
  iops: Int64;
  iops_rd: Int64;
  iops_wr: Int64;
  bps_max?: Int64 | undefined;
  bps_rd_max?: Int64 | undefined;
  bps_wr_max?: Int64 | undefined;
  iops_max?: Int64 | undefined;
  iops_rd_max?: Int64 | undefined;
  iops_wr_max?: Int64 | undefined;
  bps_max_length?: Int64 | undefined;
  bps_rd_max_length?: Int64 | undefined;
  bps_wr_max_length?: Int64 | undefined;
  iops_max_length?: Int64 | undefined;
  iops_rd_max_length?: Int64 | undefined;
  iops_wr_max_length?: Int64 | undefined;
  iops_size?: Int64 | undefined;
  group?: string | undefined;
}

export interface BlockImageCorruptedData {
  device: string;
  'node-name'?: string | undefined;
  msg: string;
  offset?: Int64 | undefined;
  size?: Int64 | undefined;
  fatal: boolean;
}

export interface BlockInfo {
  device: string;
  qdev?: string | undefined;
  type: string;
  removable: boolean;
  locked: boolean;
  inserted?: BlockDeviceInfo | undefined;
  tray_open?: boolean | undefined;
  'io-status'?: BlockDeviceIoStatus | undefined;
}

export interface BlockIoErrorData {
  device: string;
  'node-name'?: string | undefined;
  operation: IoOperationType;
  action: BlockErrorAction;
  nospace?: boolean | undefined;
  reason: string;
}

export interface BlockJobCancelArguments {
  device: string;
  force?: boolean | undefined;
}

export interface BlockJobCancelledData {
  type: JobType;
  device: string;
  len: Int64;
  offset: Int64;
  speed: Int64;
}

export interface BlockJobCompleteArguments {
  device: string;
}

export interface BlockJobCompletedData {
  type: JobType;
  device: string;
  len: Int64;
  offset: Int64;
  speed: Int64;
  error?: string | undefined;
}

export interface BlockJobDismissArguments {
  id: string;
}

export interface BlockJobErrorData {
  device: string;
  operation: IoOperationType;
  action: BlockErrorAction;
}

export interface BlockJobFinalizeArguments {
  id: string;
}

export interface BlockJobInfo {
  type: string;
  device: string;
  len: Int64;
  offset: Int64;
  busy: boolean;
  paused: boolean;
  speed: Int64;
  'io-status': BlockDeviceIoStatus;
  ready: boolean;
  status: JobStatus;
  'auto-finalize': boolean;
  'auto-dismiss': boolean;
  error?: string | undefined;
}

export interface BlockJobPauseArguments {
  device: string;
}

export interface BlockJobPendingData {
  type: JobType;
  id: string;
}

export interface BlockJobReadyData {
  type: JobType;
  device: string;
  len: Int64;
  offset: Int64;
  speed: Int64;
}

export interface BlockJobResumeArguments {
  device: string;
}

export interface BlockJobSetSpeedArguments {
  device: string;
  speed: Int64;
}

export interface BlockLatencyHistogramInfo {
  boundaries: readonly Int64[];
  bins: readonly Int64[];
}

export interface BlockLatencyHistogramSetArguments {
  id: string;
  boundaries?: readonly Int64[] | undefined;
  'boundaries-read'?: readonly Int64[] | undefined;
  'boundaries-write'?: readonly Int64[] | undefined;
  'boundaries-flush'?: readonly Int64[] | undefined;
}

export type BlockPermission = 'consistent-read' | 'write' | 'write-unchanged' | 'resize';

export interface BlockResizeArguments {
  device?: string | undefined;
  'node-name'?: string | undefined;
  size: Int64;
}

export interface BlockSetWriteThresholdArguments {
  'node-name': string;
  'write-threshold': Int64;
}

export interface BlockStats {
  device?: string | undefined;
  qdev?: string | undefined;
  'node-name'?: string | undefined;
  stats: BlockDeviceStats;
  'driver-specific'?: BlockStatsSpecific | undefined;
  parent?: BlockStats | undefined;
  backing?: BlockStats | undefined;
}

export type BlockStatsSpecific =
  | BlockStatsSpecific_file
  | BlockStatsSpecific_host_device
  | BlockStatsSpecific_nvme
  | BlockStatsSpecific_blkdebug
  | BlockStatsSpecific_blklogwrites
  | BlockStatsSpecific_blkreplay
  | BlockStatsSpecific_blkverify
  | BlockStatsSpecific_bochs
  | BlockStatsSpecific_cloop
  | BlockStatsSpecific_compress
  | BlockStatsSpecific_copy_before_write
  | BlockStatsSpecific_copy_on_read
  | BlockStatsSpecific_dmg
  | BlockStatsSpecific_snapshot_access
  | BlockStatsSpecific_ftp
  | BlockStatsSpecific_ftps
  | BlockStatsSpecific_gluster
  | BlockStatsSpecific_host_cdrom
  | BlockStatsSpecific_http
  | BlockStatsSpecific_https
  | BlockStatsSpecific_iscsi
  | BlockStatsSpecific_luks
  | BlockStatsSpecific_nbd
  | BlockStatsSpecific_nfs
  | BlockStatsSpecific_null_aio
  | BlockStatsSpecific_null_co
  | BlockStatsSpecific_parallels
  | BlockStatsSpecific_preallocate
  | BlockStatsSpecific_qcow
  | BlockStatsSpecific_qcow2
  | BlockStatsSpecific_qed
  | BlockStatsSpecific_quorum
  | BlockStatsSpecific_raw
  | BlockStatsSpecific_rbd
  | BlockStatsSpecific_replication
  | BlockStatsSpecific_ssh
  | BlockStatsSpecific_throttle
  | BlockStatsSpecific_vdi
  | BlockStatsSpecific_vhdx
  | BlockStatsSpecific_vmdk
  | BlockStatsSpecific_vpc
  | BlockStatsSpecific_vvfat;

export interface BlockStatsSpecificFile {
  'discard-nb-ok': Int64;
  'discard-nb-failed': Int64;
  'discard-bytes-ok': Int64;
}

export interface BlockStatsSpecificNvme {
  'completion-errors': Int64;
  'aligned-accesses': Int64;
  'unaligned-accesses': Int64;
}

export interface BlockStatsSpecific_blkdebug {
  driver: 'blkdebug';
}

export interface BlockStatsSpecific_blklogwrites {
  driver: 'blklogwrites';
}

export interface BlockStatsSpecific_blkreplay {
  driver: 'blkreplay';
}

export interface BlockStatsSpecific_blkverify {
  driver: 'blkverify';
}

export interface BlockStatsSpecific_bochs {
  driver: 'bochs';
}

export interface BlockStatsSpecific_cloop {
  driver: 'cloop';
}

export interface BlockStatsSpecific_compress {
  driver: 'compress';
}

export interface BlockStatsSpecific_copy_before_write {
  driver: 'copy-before-write';
}

export interface BlockStatsSpecific_copy_on_read {
  driver: 'copy-on-read';
}

export interface BlockStatsSpecific_dmg {
  driver: 'dmg';
}

export interface BlockStatsSpecific_file extends BlockStatsSpecificFile {
  driver: 'file';
}

export interface BlockStatsSpecific_ftp {
  driver: 'ftp';
}

export interface BlockStatsSpecific_ftps {
  driver: 'ftps';
}

export interface BlockStatsSpecific_gluster {
  driver: 'gluster';
}

export interface BlockStatsSpecific_host_cdrom {
  driver: 'host_cdrom';
}

export interface BlockStatsSpecific_host_device extends BlockStatsSpecificFile {
  driver: 'host_device';
}

export interface BlockStatsSpecific_http {
  driver: 'http';
}

export interface BlockStatsSpecific_https {
  driver: 'https';
}

export interface BlockStatsSpecific_iscsi {
  driver: 'iscsi';
}

export interface BlockStatsSpecific_luks {
  driver: 'luks';
}

export interface BlockStatsSpecific_nbd {
  driver: 'nbd';
}

export interface BlockStatsSpecific_nfs {
  driver: 'nfs';
}

export interface BlockStatsSpecific_null_aio {
  driver: 'null-aio';
}

export interface BlockStatsSpecific_null_co {
  driver: 'null-co';
}

export interface BlockStatsSpecific_nvme extends BlockStatsSpecificNvme {
  driver: 'nvme';
}

export interface BlockStatsSpecific_parallels {
  driver: 'parallels';
}

export interface BlockStatsSpecific_preallocate {
  driver: 'preallocate';
}

export interface BlockStatsSpecific_qcow {
  driver: 'qcow';
}

export interface BlockStatsSpecific_qcow2 {
  driver: 'qcow2';
}

export interface BlockStatsSpecific_qed {
  driver: 'qed';
}

export interface BlockStatsSpecific_quorum {
  driver: 'quorum';
}

export interface BlockStatsSpecific_raw {
  driver: 'raw';
}

export interface BlockStatsSpecific_rbd {
  driver: 'rbd';
}

export interface BlockStatsSpecific_replication {
  driver: 'replication';
}

export interface BlockStatsSpecific_snapshot_access {
  driver: 'snapshot-access';
}

export interface BlockStatsSpecific_ssh {
  driver: 'ssh';
}

export interface BlockStatsSpecific_throttle {
  driver: 'throttle';
}

export interface BlockStatsSpecific_vdi {
  driver: 'vdi';
}

export interface BlockStatsSpecific_vhdx {
  driver: 'vhdx';
}

export interface BlockStatsSpecific_vmdk {
  driver: 'vmdk';
}

export interface BlockStatsSpecific_vpc {
  driver: 'vpc';
}

export interface BlockStatsSpecific_vvfat {
  driver: 'vvfat';
}

export interface BlockStreamArguments {
  'job-id'?: string | undefined;
  device: string;
  base?: string | undefined;
  'base-node'?: string | undefined;
  'backing-file'?: string | undefined;
  bottom?: string | undefined;
  speed?: Int64 | undefined;
  'on-error'?: BlockdevOnError | undefined;
  'filter-node-name'?: string | undefined;
  'auto-finalize'?: boolean | undefined;
  'auto-dismiss'?: boolean | undefined;
}

export interface BlockWriteThresholdData {
  'node-name': string;
  'amount-exceeded': Int64;
  'write-threshold': Int64;
}

export type BlockdevAioOptions = 'threads' | 'native' | 'io_uring';

export type BlockdevAmendOptions =
  | BlockdevAmendOptions_luks
  | BlockdevAmendOptions_qcow2
  | BlockdevAmendOptions_blkdebug
  | BlockdevAmendOptions_blklogwrites
  | BlockdevAmendOptions_blkreplay
  | BlockdevAmendOptions_blkverify
  | BlockdevAmendOptions_bochs
  | BlockdevAmendOptions_cloop
  | BlockdevAmendOptions_compress
  | BlockdevAmendOptions_copy_before_write
  | BlockdevAmendOptions_copy_on_read
  | BlockdevAmendOptions_dmg
  | BlockdevAmendOptions_file
  | BlockdevAmendOptions_snapshot_access
  | BlockdevAmendOptions_ftp
  | BlockdevAmendOptions_ftps
  | BlockdevAmendOptions_gluster
  | BlockdevAmendOptions_host_cdrom
  | BlockdevAmendOptions_host_device
  | BlockdevAmendOptions_http
  | BlockdevAmendOptions_https
  | BlockdevAmendOptions_iscsi
  | BlockdevAmendOptions_nbd
  | BlockdevAmendOptions_nfs
  | BlockdevAmendOptions_null_aio
  | BlockdevAmendOptions_null_co
  | BlockdevAmendOptions_nvme
  | BlockdevAmendOptions_parallels
  | BlockdevAmendOptions_preallocate
  | BlockdevAmendOptions_qcow
  | BlockdevAmendOptions_qed
  | BlockdevAmendOptions_quorum
  | BlockdevAmendOptions_raw
  | BlockdevAmendOptions_rbd
  | BlockdevAmendOptions_replication
  | BlockdevAmendOptions_ssh
  | BlockdevAmendOptions_throttle
  | BlockdevAmendOptions_vdi
  | BlockdevAmendOptions_vhdx
  | BlockdevAmendOptions_vmdk
  | BlockdevAmendOptions_vpc
  | BlockdevAmendOptions_vvfat;

export interface BlockdevAmendOptionsLUKS {
  state: QCryptoBlockLUKSKeyslotState;
  'new-secret'?: string | undefined;
  'old-secret'?: string | undefined;
  keyslot?: Int64 | undefined;
  'iter-time'?: Int64 | undefined;
  secret?: string | undefined;
}

export interface BlockdevAmendOptionsQcow2 {
  encrypt?: QCryptoBlockAmendOptions | undefined;
}

export interface BlockdevAmendOptions_blkdebug {
  driver: 'blkdebug';
}

export interface BlockdevAmendOptions_blklogwrites {
  driver: 'blklogwrites';
}

export interface BlockdevAmendOptions_blkreplay {
  driver: 'blkreplay';
}

export interface BlockdevAmendOptions_blkverify {
  driver: 'blkverify';
}

export interface BlockdevAmendOptions_bochs {
  driver: 'bochs';
}

export interface BlockdevAmendOptions_cloop {
  driver: 'cloop';
}

export interface BlockdevAmendOptions_compress {
  driver: 'compress';
}

export interface BlockdevAmendOptions_copy_before_write {
  driver: 'copy-before-write';
}

export interface BlockdevAmendOptions_copy_on_read {
  driver: 'copy-on-read';
}

export interface BlockdevAmendOptions_dmg {
  driver: 'dmg';
}

export interface BlockdevAmendOptions_file {
  driver: 'file';
}

export interface BlockdevAmendOptions_ftp {
  driver: 'ftp';
}

export interface BlockdevAmendOptions_ftps {
  driver: 'ftps';
}

export interface BlockdevAmendOptions_gluster {
  driver: 'gluster';
}

export interface BlockdevAmendOptions_host_cdrom {
  driver: 'host_cdrom';
}

export interface BlockdevAmendOptions_host_device {
  driver: 'host_device';
}

export interface BlockdevAmendOptions_http {
  driver: 'http';
}

export interface BlockdevAmendOptions_https {
  driver: 'https';
}

export interface BlockdevAmendOptions_iscsi {
  driver: 'iscsi';
}

export interface BlockdevAmendOptions_luks extends BlockdevAmendOptionsLUKS {
  driver: 'luks';
}

export interface BlockdevAmendOptions_nbd {
  driver: 'nbd';
}

export interface BlockdevAmendOptions_nfs {
  driver: 'nfs';
}

export interface BlockdevAmendOptions_null_aio {
  driver: 'null-aio';
}

export interface BlockdevAmendOptions_null_co {
  driver: 'null-co';
}

export interface BlockdevAmendOptions_nvme {
  driver: 'nvme';
}

export interface BlockdevAmendOptions_parallels {
  driver: 'parallels';
}

export interface BlockdevAmendOptions_preallocate {
  driver: 'preallocate';
}

export interface BlockdevAmendOptions_qcow {
  driver: 'qcow';
}

export interface BlockdevAmendOptions_qcow2 extends BlockdevAmendOptionsQcow2 {
  driver: 'qcow2';
}

export interface BlockdevAmendOptions_qed {
  driver: 'qed';
}

export interface BlockdevAmendOptions_quorum {
  driver: 'quorum';
}

export interface BlockdevAmendOptions_raw {
  driver: 'raw';
}

export interface BlockdevAmendOptions_rbd {
  driver: 'rbd';
}

export interface BlockdevAmendOptions_replication {
  driver: 'replication';
}

export interface BlockdevAmendOptions_snapshot_access {
  driver: 'snapshot-access';
}

export interface BlockdevAmendOptions_ssh {
  driver: 'ssh';
}

export interface BlockdevAmendOptions_throttle {
  driver: 'throttle';
}

export interface BlockdevAmendOptions_vdi {
  driver: 'vdi';
}

export interface BlockdevAmendOptions_vhdx {
  driver: 'vhdx';
}

export interface BlockdevAmendOptions_vmdk {
  driver: 'vmdk';
}

export interface BlockdevAmendOptions_vpc {
  driver: 'vpc';
}

export interface BlockdevAmendOptions_vvfat {
  driver: 'vvfat';
}

export interface BlockdevBackup {
  'job-id'?: string | undefined;
  device: string;
  sync: MirrorSyncMode;
  speed?: Int64 | undefined;
  bitmap?: string | undefined;
  'bitmap-mode'?: BitmapSyncMode | undefined;
  compress?: boolean | undefined;
  'on-source-error'?: BlockdevOnError | undefined;
  'on-target-error'?: BlockdevOnError | undefined;
  'auto-finalize'?: boolean | undefined;
  'auto-dismiss'?: boolean | undefined;
  'filter-node-name'?: string | undefined;
  /** @experimental */
  'x-perf'?: BackupPerf | undefined;
  target: string;
}

export interface BlockdevBackupWrapper {
  data: BlockdevBackup;
}

export interface BlockdevCacheInfo {
  writeback: boolean;
  direct: boolean;
  'no-flush': boolean;
}

export interface BlockdevCacheOptions {
  direct?: boolean | undefined;
  'no-flush'?: boolean | undefined;
}

export interface BlockdevChangeMediumArguments {
  /** @deprecated */
  device?: string | undefined;
  id?: string | undefined;
  filename: string;
  format?: string | undefined;
  force?: boolean | undefined;
  'read-only-mode'?: BlockdevChangeReadOnlyMode | undefined;
}

export type BlockdevChangeReadOnlyMode = 'retain' | 'read-only' | 'read-write';

export interface BlockdevCloseTrayArguments {
  /** @deprecated */
  device?: string | undefined;
  id?: string | undefined;
}

export interface BlockdevCreateArguments {
  'job-id': string;
  options: BlockdevCreateOptions;
}

export type BlockdevCreateOptions =
  | BlockdevCreateOptions_file
  | BlockdevCreateOptions_gluster
  | BlockdevCreateOptions_luks
  | BlockdevCreateOptions_nfs
  | BlockdevCreateOptions_parallels
  | BlockdevCreateOptions_qcow
  | BlockdevCreateOptions_qcow2
  | BlockdevCreateOptions_qed
  | BlockdevCreateOptions_rbd
  | BlockdevCreateOptions_ssh
  | BlockdevCreateOptions_vdi
  | BlockdevCreateOptions_vhdx
  | BlockdevCreateOptions_vmdk
  | BlockdevCreateOptions_vpc
  | BlockdevCreateOptions_blkdebug
  | BlockdevCreateOptions_blklogwrites
  | BlockdevCreateOptions_blkreplay
  | BlockdevCreateOptions_blkverify
  | BlockdevCreateOptions_bochs
  | BlockdevCreateOptions_cloop
  | BlockdevCreateOptions_compress
  | BlockdevCreateOptions_copy_before_write
  | BlockdevCreateOptions_copy_on_read
  | BlockdevCreateOptions_dmg
  | BlockdevCreateOptions_snapshot_access
  | BlockdevCreateOptions_ftp
  | BlockdevCreateOptions_ftps
  | BlockdevCreateOptions_host_cdrom
  | BlockdevCreateOptions_host_device
  | BlockdevCreateOptions_http
  | BlockdevCreateOptions_https
  | BlockdevCreateOptions_iscsi
  | BlockdevCreateOptions_nbd
  | BlockdevCreateOptions_null_aio
  | BlockdevCreateOptions_null_co
  | BlockdevCreateOptions_nvme
  | BlockdevCreateOptions_preallocate
  | BlockdevCreateOptions_quorum
  | BlockdevCreateOptions_raw
  | BlockdevCreateOptions_replication
  | BlockdevCreateOptions_throttle
  | BlockdevCreateOptions_vvfat;

export interface BlockdevCreateOptionsFile {
  filename: string;
  size: Int64;
  preallocation?: PreallocMode | undefined;
  nocow?: boolean | undefined;
  'extent-size-hint'?: Int64 | undefined;
}

export interface BlockdevCreateOptionsGluster {
  location: BlockdevOptionsGluster;
  size: Int64;
  preallocation?: PreallocMode | undefined;
}

export interface BlockdevCreateOptionsLUKS {
  'key-secret'?: string | undefined;
  'cipher-alg'?: QCryptoCipherAlgorithm | undefined;
  'cipher-mode'?: QCryptoCipherMode | undefined;
  'ivgen-alg'?: QCryptoIVGenAlgorithm | undefined;
  'ivgen-hash-alg'?: QCryptoHashAlgorithm | undefined;
  'hash-alg'?: QCryptoHashAlgorithm | undefined;
  'iter-time'?: Int64 | undefined;
  file: BlockdevRef;
  size: Int64;
  preallocation?: PreallocMode | undefined;
}

export interface BlockdevCreateOptionsNfs {
  location: BlockdevOptionsNfs;
  size: Int64;
}

export interface BlockdevCreateOptionsParallels {
  file: BlockdevRef;
  size: Int64;
  'cluster-size'?: Int64 | undefined;
}

export interface BlockdevCreateOptionsQcow {
  file: BlockdevRef;
  size: Int64;
  'backing-file'?: string | undefined;
  encrypt?: QCryptoBlockCreateOptions | undefined;
}

export interface BlockdevCreateOptionsQcow2 {
  file: BlockdevRef;
  'data-file'?: BlockdevRef | undefined;
  'data-file-raw'?: boolean | undefined;
  'extended-l2'?: boolean | undefined;
  size: Int64;
  version?: BlockdevQcow2Version | undefined;
  'backing-file'?: string | undefined;
  'backing-fmt'?: BlockdevDriver | undefined;
  encrypt?: QCryptoBlockCreateOptions | undefined;
  'cluster-size'?: Int64 | undefined;
  preallocation?: PreallocMode | undefined;
  'lazy-refcounts'?: boolean | undefined;
  'refcount-bits'?: Int64 | undefined;
  'compression-type'?: Qcow2CompressionType | undefined;
}

export interface BlockdevCreateOptionsQed {
  file: BlockdevRef;
  size: Int64;
  'backing-file'?: string | undefined;
  'backing-fmt'?: BlockdevDriver | undefined;
  'cluster-size'?: Int64 | undefined;
  'table-size'?: Int64 | undefined;
}

export interface BlockdevCreateOptionsRbd {
  location: BlockdevOptionsRbd;
  size: Int64;
  'cluster-size'?: Int64 | undefined;
  encrypt?: RbdEncryptionCreateOptions | undefined;
}

export interface BlockdevCreateOptionsSsh {
  location: BlockdevOptionsSsh;
  size: Int64;
}

export interface BlockdevCreateOptionsVdi {
  file: BlockdevRef;
  size: Int64;
  preallocation?: PreallocMode | undefined;
}

export interface BlockdevCreateOptionsVhdx {
  file: BlockdevRef;
  size: Int64;
  'log-size'?: Int64 | undefined;
  'block-size'?: Int64 | undefined;
  subformat?: BlockdevVhdxSubformat | undefined;
  'block-state-zero'?: boolean | undefined;
}

export interface BlockdevCreateOptionsVmdk {
  file: BlockdevRef;
  size: Int64;
  extents?: readonly BlockdevRef[] | undefined;
  subformat?: BlockdevVmdkSubformat | undefined;
  'backing-file'?: string | undefined;
  'adapter-type'?: BlockdevVmdkAdapterType | undefined;
  hwversion?: string | undefined;
  toolsversion?: string | undefined;
  'zeroed-grain'?: boolean | undefined;
}

export interface BlockdevCreateOptionsVpc {
  file: BlockdevRef;
  size: Int64;
  subformat?: BlockdevVpcSubformat | undefined;
  'force-size'?: boolean | undefined;
}

export interface BlockdevCreateOptions_blkdebug {
  driver: 'blkdebug';
}

export interface BlockdevCreateOptions_blklogwrites {
  driver: 'blklogwrites';
}

export interface BlockdevCreateOptions_blkreplay {
  driver: 'blkreplay';
}

export interface BlockdevCreateOptions_blkverify {
  driver: 'blkverify';
}

export interface BlockdevCreateOptions_bochs {
  driver: 'bochs';
}

export interface BlockdevCreateOptions_cloop {
  driver: 'cloop';
}

export interface BlockdevCreateOptions_compress {
  driver: 'compress';
}

export interface BlockdevCreateOptions_copy_before_write {
  driver: 'copy-before-write';
}

export interface BlockdevCreateOptions_copy_on_read {
  driver: 'copy-on-read';
}

export interface BlockdevCreateOptions_dmg {
  driver: 'dmg';
}

export interface BlockdevCreateOptions_file extends BlockdevCreateOptionsFile {
  driver: 'file';
}

export interface BlockdevCreateOptions_ftp {
  driver: 'ftp';
}

export interface BlockdevCreateOptions_ftps {
  driver: 'ftps';
}

export interface BlockdevCreateOptions_gluster extends BlockdevCreateOptionsGluster {
  driver: 'gluster';
}

export interface BlockdevCreateOptions_host_cdrom {
  driver: 'host_cdrom';
}

export interface BlockdevCreateOptions_host_device {
  driver: 'host_device';
}

export interface BlockdevCreateOptions_http {
  driver: 'http';
}

export interface BlockdevCreateOptions_https {
  driver: 'https';
}

export interface BlockdevCreateOptions_iscsi {
  driver: 'iscsi';
}

export interface BlockdevCreateOptions_luks extends BlockdevCreateOptionsLUKS {
  driver: 'luks';
}

export interface BlockdevCreateOptions_nbd {
  driver: 'nbd';
}

export interface BlockdevCreateOptions_nfs extends BlockdevCreateOptionsNfs {
  driver: 'nfs';
}

export interface BlockdevCreateOptions_null_aio {
  driver: 'null-aio';
}

export interface BlockdevCreateOptions_null_co {
  driver: 'null-co';
}

export interface BlockdevCreateOptions_nvme {
  driver: 'nvme';
}

export interface BlockdevCreateOptions_parallels extends BlockdevCreateOptionsParallels {
  driver: 'parallels';
}

export interface BlockdevCreateOptions_preallocate {
  driver: 'preallocate';
}

export interface BlockdevCreateOptions_qcow extends BlockdevCreateOptionsQcow {
  driver: 'qcow';
}

export interface BlockdevCreateOptions_qcow2 extends BlockdevCreateOptionsQcow2 {
  driver: 'qcow2';
}

export interface BlockdevCreateOptions_qed extends BlockdevCreateOptionsQed {
  driver: 'qed';
}

export interface BlockdevCreateOptions_quorum {
  driver: 'quorum';
}

export interface BlockdevCreateOptions_raw {
  driver: 'raw';
}

export interface BlockdevCreateOptions_rbd extends BlockdevCreateOptionsRbd {
  driver: 'rbd';
}

export interface BlockdevCreateOptions_replication {
  driver: 'replication';
}

export interface BlockdevCreateOptions_snapshot_access {
  driver: 'snapshot-access';
}

export interface BlockdevCreateOptions_ssh extends BlockdevCreateOptionsSsh {
  driver: 'ssh';
}

export interface BlockdevCreateOptions_throttle {
  driver: 'throttle';
}

export interface BlockdevCreateOptions_vdi extends BlockdevCreateOptionsVdi {
  driver: 'vdi';
}

export interface BlockdevCreateOptions_vhdx extends BlockdevCreateOptionsVhdx {
  driver: 'vhdx';
}

export interface BlockdevCreateOptions_vmdk extends BlockdevCreateOptionsVmdk {
  driver: 'vmdk';
}

export interface BlockdevCreateOptions_vpc extends BlockdevCreateOptionsVpc {
  driver: 'vpc';
}

export interface BlockdevCreateOptions_vvfat {
  driver: 'vvfat';
}

export interface BlockdevDelArguments {
  'node-name': string;
}

export type BlockdevDetectZeroesOptions = 'off' | 'on' | 'unmap';

export type BlockdevDiscardOptions = 'ignore' | 'unmap';

export type BlockdevDriver =
  | 'blkdebug'
  | 'blklogwrites'
  | 'blkreplay'
  | 'blkverify'
  | 'bochs'
  | 'cloop'
  | 'compress'
  | 'copy-before-write'
  | 'copy-on-read'
  | 'dmg'
  | 'file'
  | 'snapshot-access'
  | 'ftp'
  | 'ftps'
  | 'gluster'
  | 'host_cdrom'
  | 'host_device'
  | 'http'
  | 'https'
  | 'iscsi'
  | 'luks'
  | 'nbd'
  | 'nfs'
  | 'null-aio'
  | 'null-co'
  | 'nvme'
  | 'parallels'
  | 'preallocate'
  | 'qcow'
  | 'qcow2'
  | 'qed'
  | 'quorum'
  | 'raw'
  | 'rbd'
  | 'replication'
  | 'ssh'
  | 'throttle'
  | 'vdi'
  | 'vhdx'
  | 'vmdk'
  | 'vpc'
  | 'vvfat';

export interface BlockdevInsertMediumArguments {
  id: string;
  'node-name': string;
}

export interface BlockdevMirrorArguments {
  'job-id'?: string | undefined;
  device: string;
  target: string;
  replaces?: string | undefined;
  sync: MirrorSyncMode;
  speed?: Int64 | undefined;
  granularity?: number | undefined;
  'buf-size'?: Int64 | undefined;
  'on-source-error'?: BlockdevOnError | undefined;
  'on-target-error'?: BlockdevOnError | undefined;
  'filter-node-name'?: string | undefined;
  'copy-mode'?: MirrorCopyMode | undefined;
  'auto-finalize'?: boolean | undefined;
  'auto-dismiss'?: boolean | undefined;
}

export type BlockdevOnError = 'report' | 'ignore' | 'enospc' | 'stop' | 'auto';

export interface BlockdevOpenTrayArguments {
  /** @deprecated */
  device?: string | undefined;
  id?: string | undefined;
  force?: boolean | undefined;
}

export type BlockdevOptions =
  | BlockdevOptions_blkdebug
  | BlockdevOptions_blklogwrites
  | BlockdevOptions_blkverify
  | BlockdevOptions_blkreplay
  | BlockdevOptions_bochs
  | BlockdevOptions_cloop
  | BlockdevOptions_compress
  | BlockdevOptions_copy_before_write
  | BlockdevOptions_copy_on_read
  | BlockdevOptions_dmg
  | BlockdevOptions_file
  | BlockdevOptions_ftp
  | BlockdevOptions_ftps
  | BlockdevOptions_gluster
  | BlockdevOptions_host_cdrom
  | BlockdevOptions_host_device
  | BlockdevOptions_http
  | BlockdevOptions_https
  | BlockdevOptions_iscsi
  | BlockdevOptions_luks
  | BlockdevOptions_nbd
  | BlockdevOptions_nfs
  | BlockdevOptions_null_aio
  | BlockdevOptions_null_co
  | BlockdevOptions_nvme
  | BlockdevOptions_parallels
  | BlockdevOptions_preallocate
  | BlockdevOptions_qcow2
  | BlockdevOptions_qcow
  | BlockdevOptions_qed
  | BlockdevOptions_quorum
  | BlockdevOptions_raw
  | BlockdevOptions_rbd
  | BlockdevOptions_replication
  | BlockdevOptions_snapshot_access
  | BlockdevOptions_ssh
  | BlockdevOptions_throttle
  | BlockdevOptions_vdi
  | BlockdevOptions_vhdx
  | BlockdevOptions_vmdk
  | BlockdevOptions_vpc
  | BlockdevOptions_vvfat;

export interface BlockdevOptionsBlkdebug {
  image: BlockdevRef;
  config?: string | undefined;
  align?: Int64 | undefined;
  'max-transfer'?: number | undefined;
  'opt-write-zero'?: number | undefined;
  'max-write-zero'?: number | undefined;
  'opt-discard'?: number | undefined;
  'max-discard'?: number | undefined;
  'inject-error'?: readonly BlkdebugInjectErrorOptions[] | undefined;
  'set-state'?: readonly BlkdebugSetStateOptions[] | undefined;
  'take-child-perms'?: readonly BlockPermission[] | undefined;
  'unshare-child-perms'?: readonly BlockPermission[] | undefined;
}

export interface BlockdevOptionsBlklogwrites {
  file: BlockdevRef;
  log: BlockdevRef;
  'log-sector-size'?: number | undefined;
  'log-append'?: boolean | undefined;
  'log-super-update-interval'?: Int64 | undefined;
}

export interface BlockdevOptionsBlkreplay {
  image: BlockdevRef;
}

export interface BlockdevOptionsBlkverify {
  test: BlockdevRef;
  raw: BlockdevRef;
}

export interface BlockdevOptionsCbw {
  file: BlockdevRef;
  target: BlockdevRef;
  bitmap?: BlockDirtyBitmap | undefined;
  'on-cbw-error'?: OnCbwError | undefined;
  'cbw-timeout'?: number | undefined;
}

export interface BlockdevOptionsCor {
  file: BlockdevRef;
  bottom?: string | undefined;
}

export interface BlockdevOptionsCurlFtp {
  url: string;
  readahead?: Int64 | undefined;
  timeout?: Int64 | undefined;
  username?: string | undefined;
  'password-secret'?: string | undefined;
  'proxy-username'?: string | undefined;
  'proxy-password-secret'?: string | undefined;
}

export interface BlockdevOptionsCurlFtps {
  url: string;
  readahead?: Int64 | undefined;
  timeout?: Int64 | undefined;
  username?: string | undefined;
  'password-secret'?: string | undefined;
  'proxy-username'?: string | undefined;
  'proxy-password-secret'?: string | undefined;
  sslverify?: boolean | undefined;
}

export interface BlockdevOptionsCurlHttp {
  url: string;
  readahead?: Int64 | undefined;
  timeout?: Int64 | undefined;
  username?: string | undefined;
  'password-secret'?: string | undefined;
  'proxy-username'?: string | undefined;
  'proxy-password-secret'?: string | undefined;
  cookie?: string | undefined;
  'cookie-secret'?: string | undefined;
}

export interface BlockdevOptionsCurlHttps {
  url: string;
  readahead?: Int64 | undefined;
  timeout?: Int64 | undefined;
  username?: string | undefined;
  'password-secret'?: string | undefined;
  'proxy-username'?: string | undefined;
  'proxy-password-secret'?: string | undefined;
  cookie?: string | undefined;
  sslverify?: boolean | undefined;
  'cookie-secret'?: string | undefined;
}

export interface BlockdevOptionsFile {
  filename: string;
  'pr-manager'?: string | undefined;
  locking?: OnOffAuto | undefined;
  aio?: BlockdevAioOptions | undefined;
  'aio-max-batch'?: Int64 | undefined;
  'drop-cache'?: boolean | undefined;
  /** @experimental */
  'x-check-cache-dropped'?: boolean | undefined;
}

export interface BlockdevOptionsGenericCOWFormat {
  file: BlockdevRef;
  backing?: BlockdevRefOrNull | undefined;
}

export interface BlockdevOptionsGenericFormat {
  file: BlockdevRef;
}

export interface BlockdevOptionsGluster {
  volume: string;
  path: string;
  server: readonly SocketAddress[];
  debug?: Int64 | undefined;
  logfile?: string | undefined;
}

export interface BlockdevOptionsIscsi {
  transport: IscsiTransport;
  portal: string;
  target: string;
  lun?: Int64 | undefined;
  user?: string | undefined;
  'password-secret'?: string | undefined;
  'initiator-name'?: string | undefined;
  'header-digest'?: IscsiHeaderDigest | undefined;
  timeout?: Int64 | undefined;
}

export interface BlockdevOptionsLUKS {
  file: BlockdevRef;
  'key-secret'?: string | undefined;
}

export interface BlockdevOptionsNVMe {
  device: string;
  namespace: Int64;
}

export interface BlockdevOptionsNbd {
  server: SocketAddress;
  export?: string | undefined;
  'tls-creds'?: string | undefined;
  'tls-hostname'?: string | undefined;
  /** @experimental */
  'x-dirty-bitmap'?: string | undefined;
  'reconnect-delay'?: number | undefined;
  'open-timeout'?: number | undefined;
}

export interface BlockdevOptionsNfs {
  server: NFSServer;
  path: string;
  user?: Int64 | undefined;
  group?: Int64 | undefined;
  'tcp-syn-count'?: Int64 | undefined;
  'readahead-size'?: Int64 | undefined;
  'page-cache-size'?: Int64 | undefined;
  debug?: Int64 | undefined;
}

export interface BlockdevOptionsNull {
  size?: Int64 | undefined;
  'latency-ns'?: Int64 | undefined;
  'read-zeroes'?: boolean | undefined;
}

export interface BlockdevOptionsPreallocate {
  file: BlockdevRef;
  'prealloc-align'?: Int64 | undefined;
  'prealloc-size'?: Int64 | undefined;
}

export interface BlockdevOptionsQcow {
  file: BlockdevRef;
  backing?: BlockdevRefOrNull | undefined;
  encrypt?: BlockdevQcowEncryption | undefined;
}

export interface BlockdevOptionsQcow2 {
  file: BlockdevRef;
  backing?: BlockdevRefOrNull | undefined;
  'lazy-refcounts'?: boolean | undefined;
  'pass-discard-request'?: boolean | undefined;
  'pass-discard-snapshot'?: boolean | undefined;
  'pass-discard-other'?: boolean | undefined;
  'overlap-check'?: Qcow2OverlapChecks | undefined;
  'cache-size'?: Int64 | undefined;
  'l2-cache-size'?: Int64 | undefined;
  'l2-cache-entry-size'?: Int64 | undefined;
  'refcount-cache-size'?: Int64 | undefined;
  'cache-clean-interval'?: Int64 | undefined;
  encrypt?: BlockdevQcow2Encryption | undefined;
  'data-file'?: BlockdevRef | undefined;
}

export interface BlockdevOptionsQuorum {
  blkverify?: boolean | undefined;
  children: readonly BlockdevRef[];
  'vote-threshold': Int64;
  'rewrite-corrupted'?: boolean | undefined;
  'read-pattern'?: QuorumReadPattern | undefined;
}

export interface BlockdevOptionsRaw {
  file: BlockdevRef;
  offset?: Int64 | undefined;
  size?: Int64 | undefined;
}

export interface BlockdevOptionsRbd {
  pool: string;
  namespace?: string | undefined;
  image: string;
  conf?: string | undefined;
  snapshot?: string | undefined;
  encrypt?: RbdEncryptionOptions | undefined;
  user?: string | undefined;
  'auth-client-required'?: readonly RbdAuthMode[] | undefined;
  'key-secret'?: string | undefined;
  server?: readonly InetSocketAddressBase[] | undefined;
}

export interface BlockdevOptionsReplication {
  file: BlockdevRef;
  mode: ReplicationMode;
  'top-id'?: string | undefined;
}

export interface BlockdevOptionsSsh {
  server: InetSocketAddress;
  path: string;
  user?: string | undefined;
  'host-key-check'?: SshHostKeyCheck | undefined;
}

export interface BlockdevOptionsThrottle {
  'throttle-group': string;
  file: BlockdevRef;
}

export interface BlockdevOptionsVVFAT {
  dir: string;
  'fat-type'?: Int64 | undefined;
  floppy?: boolean | undefined;
  label?: string | undefined;
  rw?: boolean | undefined;
}

/** What all kinds of `BlockdevOptions` have. */
export interface BlockdevOptions_base {
  'node-name'?: string | undefined;
  discard?: BlockdevDiscardOptions | undefined;
  cache?: BlockdevCacheOptions | undefined;
  'read-only'?: boolean | undefined;
  'auto-read-only'?: boolean | undefined;
  'force-share'?: boolean | undefined;
  'detect-zeroes'?: BlockdevDetectZeroesOptions | undefined;
}

export interface BlockdevOptions_blkdebug extends BlockdevOptions_base, BlockdevOptionsBlkdebug {
  driver: 'blkdebug';
}

export interface BlockdevOptions_blklogwrites extends BlockdevOptions_base, BlockdevOptionsBlklogwrites {
  driver: 'blklogwrites';
}

export interface BlockdevOptions_blkreplay extends BlockdevOptions_base, BlockdevOptionsBlkreplay {
  driver: 'blkreplay';
}

export interface BlockdevOptions_blkverify extends BlockdevOptions_base, BlockdevOptionsBlkverify {
  driver: 'blkverify';
}

export interface BlockdevOptions_bochs extends BlockdevOptions_base, BlockdevOptionsGenericFormat {
  driver: 'bochs';
}

export interface BlockdevOptions_cloop extends BlockdevOptions_base, BlockdevOptionsGenericFormat {
  driver: 'cloop';
}

export interface BlockdevOptions_compress extends BlockdevOptions_base, BlockdevOptionsGenericFormat {
  driver: 'compress';
}

export interface BlockdevOptions_copy_before_write extends BlockdevOptions_base, BlockdevOptionsCbw {
  driver: 'copy-before-write';
}

export interface BlockdevOptions_copy_on_read extends BlockdevOptions_base, BlockdevOptionsCor {
  driver: 'copy-on-read';
}

export interface BlockdevOptions_dmg extends BlockdevOptions_base, BlockdevOptionsGenericFormat {
  driver: 'dmg';
}

export interface BlockdevOptions_file extends BlockdevOptions_base, BlockdevOptionsFile {
  driver: 'file';
}

export interface BlockdevOptions_ftp extends BlockdevOptions_base, BlockdevOptionsCurlFtp {
  driver: 'ftp';
}

export interface BlockdevOptions_ftps extends BlockdevOptions_base, BlockdevOptionsCurlFtps {
  driver: 'ftps';
}

export interface BlockdevOptions_gluster extends BlockdevOptions_base, BlockdevOptionsGluster {
  driver: 'gluster';
}

export interface BlockdevOptions_host_cdrom extends BlockdevOptions_base, BlockdevOptionsFile {
  driver: 'host_cdrom';
}

export interface BlockdevOptions_host_device extends BlockdevOptions_base, BlockdevOptionsFile {
  driver: 'host_device';
}

export interface BlockdevOptions_http extends BlockdevOptions_base, BlockdevOptionsCurlHttp {
  driver: 'http';
}

export interface BlockdevOptions_https extends BlockdevOptions_base, BlockdevOptionsCurlHttps {
  driver: 'https';
}

export interface BlockdevOptions_iscsi extends BlockdevOptions_base, BlockdevOptionsIscsi {
  driver: 'iscsi';
}

export interface BlockdevOptions_luks extends BlockdevOptions_base, BlockdevOptionsLUKS {
  driver: 'luks';
}

export interface BlockdevOptions_nbd extends BlockdevOptions_base, BlockdevOptionsNbd {
  driver: 'nbd';
}

export interface BlockdevOptions_nfs extends BlockdevOptions_base, BlockdevOptionsNfs {
  driver: 'nfs';
}

export interface BlockdevOptions_null_aio extends BlockdevOptions_base, BlockdevOptionsNull {
  driver: 'null-aio';
}

export interface BlockdevOptions_null_co extends BlockdevOptions_base, BlockdevOptionsNull {
  driver: 'null-co';
}

export interface BlockdevOptions_nvme extends BlockdevOptions_base, BlockdevOptionsNVMe {
  driver: 'nvme';
}

export interface BlockdevOptions_parallels extends BlockdevOptions_base, BlockdevOptionsGenericFormat {
  driver: 'parallels';
}

export interface BlockdevOptions_preallocate extends BlockdevOptions_base, BlockdevOptionsPreallocate {
  driver: 'preallocate';
}

export interface BlockdevOptions_qcow extends BlockdevOptions_base, BlockdevOptionsQcow {
  driver: 'qcow';
}

export interface BlockdevOptions_qcow2 extends BlockdevOptions_base, BlockdevOptionsQcow2 {
  driver: 'qcow2';
}

export interface BlockdevOptions_qed extends BlockdevOptions_base, BlockdevOptionsGenericCOWFormat {
  driver: 'qed';
}

export interface BlockdevOptions_quorum extends BlockdevOptions_base, BlockdevOptionsQuorum {
  driver: 'quorum';
}

export interface BlockdevOptions_raw extends BlockdevOptions_base, BlockdevOptionsRaw {
  driver: 'raw';
}

export interface BlockdevOptions_rbd extends BlockdevOptions_base, BlockdevOptionsRbd {
  driver: 'rbd';
}

export interface BlockdevOptions_replication extends BlockdevOptions_base, BlockdevOptionsReplication {
  driver: 'replication';
}

export interface BlockdevOptions_snapshot_access extends BlockdevOptions_base, BlockdevOptionsGenericFormat {
  driver: 'snapshot-access';
}

export interface BlockdevOptions_ssh extends BlockdevOptions_base, BlockdevOptionsSsh {
  driver: 'ssh';
}

export interface BlockdevOptions_throttle extends BlockdevOptions_base, BlockdevOptionsThrottle {
  driver: 'throttle';
}

export interface BlockdevOptions_vdi extends BlockdevOptions_base, BlockdevOptionsGenericFormat {
  driver: 'vdi';
}

export interface BlockdevOptions_vhdx extends BlockdevOptions_base, BlockdevOptionsGenericFormat {
  driver: 'vhdx';
}

export interface BlockdevOptions_vmdk extends BlockdevOptions_base, BlockdevOptionsGenericCOWFormat {
  driver: 'vmdk';
}

export interface BlockdevOptions_vpc extends BlockdevOptions_base, BlockdevOptionsGenericFormat {
  driver: 'vpc';
}

export interface BlockdevOptions_vvfat extends BlockdevOptions_base, BlockdevOptionsVVFAT {
  driver: 'vvfat';
}

export type BlockdevQcow2Encryption = BlockdevQcow2Encryption_aes | BlockdevQcow2Encryption_luks;

export type BlockdevQcow2EncryptionFormat = 'aes' | 'luks';

export interface BlockdevQcow2Encryption_aes extends QCryptoBlockOptionsQCow {
  format: 'aes';
}

export interface BlockdevQcow2Encryption_luks extends QCryptoBlockOptionsLUKS {
  format: 'luks';
}

export type BlockdevQcow2Version = 'v2' | 'v3';

export type BlockdevQcowEncryption = BlockdevQcowEncryption_aes;

export type BlockdevQcowEncryptionFormat = 'aes';

export interface BlockdevQcowEncryption_aes extends QCryptoBlockOptionsQCow {
  format: 'aes';
}

export type BlockdevRef = BlockdevOptions | string;

export type BlockdevRefOrNull = BlockdevOptions | string | null;

export interface BlockdevRemoveMediumArguments {
  id: string;
}

export interface BlockdevReopenArguments {
  options: readonly BlockdevOptions[];
}

export interface BlockdevSnapshot {
  node: string;
  overlay: string;
}

export interface BlockdevSnapshotDeleteInternalSyncArguments {
  device: string;
  id?: string | undefined;
  name?: string | undefined;
}

export interface BlockdevSnapshotInternal {
  device: string;
  name: string;
}

export interface BlockdevSnapshotInternalWrapper {
  data: BlockdevSnapshotInternal;
}

export interface BlockdevSnapshotSync {
  device?: string | undefined;
  'node-name'?: string | undefined;
  'snapshot-file': string;
  'snapshot-node-name'?: string | undefined;
  format?: string | undefined;
  mode?: NewImageMode | undefined;
}

export interface BlockdevSnapshotSyncWrapper {
  data: BlockdevSnapshotSync;
}

export interface BlockdevSnapshotWrapper {
  data: BlockdevSnapshot;
}

export type BlockdevVhdxSubformat = 'dynamic' | 'fixed';

export type BlockdevVmdkAdapterType = 'ide' | 'buslogic' | 'lsilogic' | 'legacyESX';

export type BlockdevVmdkSubformat =
  | 'monolithicSparse'
  | 'monolithicFlat'
  | 'twoGbMaxExtentSparse'
  | 'twoGbMaxExtentFlat'
  | 'streamOptimized';

export type BlockdevVpcSubformat = 'dynamic' | 'fixed';

export type COLOExitReason = 'none' | 'request' | 'error' | 'processing';

export type COLOMode = 'none' | 'primary' | 'secondary';

export interface COLOStatus {
  mode: COLOMode;
  'last-mode': COLOMode;
  reason: COLOExitReason;
}

export interface CalcDirtyRateArguments {
  'calc-time': Int64;
  'sample-pages'?: Int64 | undefined;
  mode?: DirtyRateMeasureMode | undefined;
}

export interface CanHostSocketcanProperties {
  if: string;
  canbus: string;
}

export interface CancelVcpuDirtyLimitArguments {
  'cpu-index'?: Int64 | undefined;
}

export interface ChangeBackingFileArguments {
  device: string;
  'image-node-name': string;
  'backing-file': string;
}

export interface ChangeVncPasswordArguments {
  password: string;
}

export interface ChardevAddArguments {
  id: string;
  backend: ChardevBackend;
}

export type ChardevBackend =
  | ChardevBackend_file
  | ChardevBackend_serial
  | ChardevBackend_parallel
  | ChardevBackend_pipe
  | ChardevBackend_socket
  | ChardevBackend_udp
  | ChardevBackend_pty
  | ChardevBackend_null
  | ChardevBackend_mux
  | ChardevBackend_msmouse
  | ChardevBackend_wctablet
  | ChardevBackend_braille
  | ChardevBackend_testdev
  | ChardevBackend_stdio
  | ChardevBackend_console
  | ChardevBackend_spicevmc
  | ChardevBackend_spiceport
  | ChardevBackend_qemu_vdagent
  | ChardevBackend_dbus
  | ChardevBackend_vc
  | ChardevBackend_ringbuf
  | ChardevBackend_memory;

export interface ChardevBackendInfo {
  name: string;
}

export type ChardevBackendKind =
  | 'file'
  | 'serial'
  | 'parallel'
  | 'pipe'
  | 'socket'
  | 'udp'
  | 'pty'
  | 'null'
  | 'mux'
  | 'msmouse'
  | 'wctablet'
  | 'braille'
  | 'testdev'
  | 'stdio'
  | 'console'
  | 'spicevmc'
  | 'spiceport'
  | 'qemu-vdagent'
  | 'dbus'
  | 'vc'
  | 'ringbuf'
  | 'memory';

export interface ChardevBackend_braille extends ChardevCommonWrapper {
  type: 'braille';
}

export interface ChardevBackend_console extends ChardevCommonWrapper {
  type: 'console';
}

export interface ChardevBackend_dbus extends ChardevDBusWrapper {
  type: 'dbus';
}

export interface ChardevBackend_file extends ChardevFileWrapper {
  type: 'file';
}

export interface ChardevBackend_memory extends ChardevRingbufWrapper {
  type: 'memory';
}

export interface ChardevBackend_msmouse extends ChardevCommonWrapper {
  type: 'msmouse';
}

export interface ChardevBackend_mux extends ChardevMuxWrapper {
  type: 'mux';
}

export interface ChardevBackend_null extends ChardevCommonWrapper {
  type: 'null';
}

export interface ChardevBackend_parallel extends ChardevHostdevWrapper {
  type: 'parallel';
}

export interface ChardevBackend_pipe extends ChardevHostdevWrapper {
  type: 'pipe';
}

export interface ChardevBackend_pty extends ChardevCommonWrapper {
  type: 'pty';
}

export interface ChardevBackend_qemu_vdagent extends ChardevQemuVDAgentWrapper {
  type: 'qemu-vdagent';
}

export interface ChardevBackend_ringbuf extends ChardevRingbufWrapper {
  type: 'ringbuf';
}

export interface ChardevBackend_serial extends ChardevHostdevWrapper {
  type: 'serial';
}

export interface ChardevBackend_socket extends ChardevSocketWrapper {
  type: 'socket';
}

export interface ChardevBackend_spiceport extends ChardevSpicePortWrapper {
  type: 'spiceport';
}

export interface ChardevBackend_spicevmc extends ChardevSpiceChannelWrapper {
  type: 'spicevmc';
}

export interface ChardevBackend_stdio extends ChardevStdioWrapper {
  type: 'stdio';
}

export interface ChardevBackend_testdev extends ChardevCommonWrapper {
  type: 'testdev';
}

export interface ChardevBackend_udp extends ChardevUdpWrapper {
  type: 'udp';
}

export interface ChardevBackend_vc extends ChardevVCWrapper {
  type: 'vc';
}

export interface ChardevBackend_wctablet extends ChardevCommonWrapper {
  type: 'wctablet';
}

export interface ChardevChangeArguments {
  id: string;
  backend: ChardevBackend;
}

export interface ChardevCommon {
  logfile?: string | undefined;
  logappend?: boolean | undefined;
}

export interface ChardevCommonWrapper {
  data: ChardevCommon;
}

export interface ChardevDBus {
  logfile?: string | undefined;
  logappend?: boolean | undefined;
  name: string;
}

export interface ChardevDBusWrapper {
  data: ChardevDBus;
}

export interface ChardevFile {
  logfile?: string | undefined;
  logappend?: boolean | undefined;
  in?: string | undefined;
  out: string;
  append?: boolean | undefined;
}

export interface ChardevFileWrapper {
  data: ChardevFile;
}

export interface ChardevHostdev {
  logfile?: string | undefined;
  logappend?: boolean | undefined;
  device: string;
}

export interface ChardevHostdevWrapper {
  data: ChardevHostdev;
}

export interface ChardevInfo {
  label: string;
  filename: string;
  'frontend-open': boolean;
}

export interface ChardevMux {
  logfile?: string | undefined;
  logappend?: boolean | undefined;
  chardev: string;
}

export interface ChardevMuxWrapper {
  data: ChardevMux;
}

export interface ChardevQemuVDAgent {
  logfile?: string | undefined;
  logappend?: boolean | undefined;
  mouse?: boolean | undefined;
  clipboard?: boolean | undefined;
}

export interface ChardevQemuVDAgentWrapper {
  data: ChardevQemuVDAgent;
}

export interface ChardevRemoveArguments {
  id: string;
}

export interface ChardevReturn {
  pty?: string | undefined;
}

export interface ChardevRingbuf {
  logfile?: string | undefined;
  logappend?: boolean | undefined;
  size?: Int64 | undefined;
}

export interface ChardevRingbufWrapper {
  data: ChardevRingbuf;
}

export interface ChardevSendBreakArguments {
  id: string;
}

export interface ChardevSocket {
  logfile?: string | undefined;
  logappend?: boolean | undefined;
  addr: SocketAddressLegacy;
  'tls-creds'?: string | undefined;
  'tls-authz'?: string | undefined;
  server?: boolean | undefined;
  wait?: boolean | undefined;
  nodelay?: boolean | undefined;
  telnet?: boolean | undefined;
  tn3270?: boolean | undefined;
  websocket?: boolean | undefined;
  reconnect?: Int64 | undefined;
}

export interface ChardevSocketWrapper {
  data: ChardevSocket;
}

export interface ChardevSpiceChannel {
  logfile?: string | undefined;
  logappend?: boolean | undefined;
  type: string;
}

export interface ChardevSpiceChannelWrapper {
  data: ChardevSpiceChannel;
}

export interface ChardevSpicePort {
  logfile?: string | undefined;
  logappend?: boolean | undefined;
  fqdn: string;
}

export interface ChardevSpicePortWrapper {
  data: ChardevSpicePort;
}

export interface ChardevStdio {
  logfile?: string | undefined;
  logappend?: boolean | undefined;
  signal?: boolean | undefined;
}

export interface ChardevStdioWrapper {
  data: ChardevStdio;
}

export interface ChardevUdp {
  logfile?: string | undefined;
  logappend?: boolean | undefined;
  remote: SocketAddressLegacy;
  local?: SocketAddressLegacy | undefined;
}

export interface ChardevUdpWrapper {
  data: ChardevUdp;
}

export interface ChardevVC {
  logfile?: string | undefined;
  logappend?: boolean | undefined;
  width?: Int64 | undefined;
  height?: Int64 | undefined;
  cols?: Int64 | undefined;
  rows?: Int64 | undefined;
}

export interface ChardevVCWrapper {
  data: ChardevVC;
}

export interface ClientMigrateInfoArguments {
  protocol: string;
  hostname: string;
  port?: Int64 | undefined;
  'tls-port'?: Int64 | undefined;
  'cert-subject'?: string | undefined;
}

export interface ClosefdArguments {
  fdname: string;
}

export interface ColoCompareProperties {
  primary_in: string;
  secondary_in: string;
  outdev: string;
  iothread: string;
  notify_dev?: string | undefined;
  compare_timeout?: Int64 | undefined;
  expired_scan_cycle?: number | undefined;
  max_queue_size?: number | undefined;
  vnet_hdr_support?: boolean | undefined;
}

export interface ColoExitData {
  mode: COLOMode;
  reason: COLOExitReason;
}

export interface CommandInfo {
  name: string;
}

export interface CommandLineOptionInfo {
  option: string;
  parameters: readonly CommandLineParameterInfo[];
}

export interface CommandLineParameterInfo {
  name: string;
  type: CommandLineParameterType;
  help?: string | undefined;
  default?: string | undefined;
}

export type CommandLineParameterType = 'string' | 'boolean' | 'number' | 'size';

export interface CompressionStats {
  pages: Int64;
  busy: Int64;
  'busy-rate': number;
  'compressed-size': Int64;
  'compression-rate': number;
}

export interface CpuDefinitionInfo {
  name: string;
  'migration-safe'?: boolean | undefined;
  static: boolean;
  'unavailable-features'?: readonly string[] | undefined;
  typename: string;
  'alias-of'?: string | undefined;
  deprecated: boolean;
}

export type CpuInfoFast =
  | CpuInfoFast_s390x
  | CpuInfoFast_aarch64
  | CpuInfoFast_alpha
  | CpuInfoFast_arm
  | CpuInfoFast_avr
  | CpuInfoFast_cris
  | CpuInfoFast_hppa
  | CpuInfoFast_i386
  | CpuInfoFast_loongarch64
  | CpuInfoFast_m68k
  | CpuInfoFast_microblaze
  | CpuInfoFast_microblazeel
  | CpuInfoFast_mips
  | CpuInfoFast_mips64
  | CpuInfoFast_mips64el
  | CpuInfoFast_mipsel
  | CpuInfoFast_nios2
  | CpuInfoFast_or1k
  | CpuInfoFast_ppc
  | CpuInfoFast_ppc64
  | CpuInfoFast_riscv32
  | CpuInfoFast_riscv64
  | CpuInfoFast_rx
  | CpuInfoFast_sh4
  | CpuInfoFast_sh4eb
  | CpuInfoFast_sparc
  | CpuInfoFast_sparc64
  | CpuInfoFast_tricore
  | CpuInfoFast_x86_64
  | CpuInfoFast_xtensa
  | CpuInfoFast_xtensaeb;

export interface CpuInfoFast_aarch64 extends CpuInfoFast_base {
  target: 'aarch64';
}

export interface CpuInfoFast_alpha extends CpuInfoFast_base {
  target: 'alpha';
}

export interface CpuInfoFast_arm extends CpuInfoFast_base {
  target: 'arm';
}

export interface CpuInfoFast_avr extends CpuInfoFast_base {
  target: 'avr';
}

/** What all kinds of `CpuInfoFast` have. */
export interface CpuInfoFast_base {
  'cpu-index': Int64;
  'qom-path': string;
  'thread-id': Int64;
  props?: CpuInstanceProperties | undefined;
}

export interface CpuInfoFast_cris extends CpuInfoFast_base {
  target: 'cris';
}

export interface CpuInfoFast_hppa extends CpuInfoFast_base {
  target: 'hppa';
}

export interface CpuInfoFast_i386 extends CpuInfoFast_base {
  target: 'i386';
}

export interface CpuInfoFast_loongarch64 extends CpuInfoFast_base {
  target: 'loongarch64';
}

export interface CpuInfoFast_m68k extends CpuInfoFast_base {
  target: 'm68k';
}

export interface CpuInfoFast_microblaze extends CpuInfoFast_base {
  target: 'microblaze';
}

export interface CpuInfoFast_microblazeel extends CpuInfoFast_base {
  target: 'microblazeel';
}

export interface CpuInfoFast_mips extends CpuInfoFast_base {
  target: 'mips';
}

export interface CpuInfoFast_mips64 extends CpuInfoFast_base {
  target: 'mips64';
}

export interface CpuInfoFast_mips64el extends CpuInfoFast_base {
  target: 'mips64el';
}

export interface CpuInfoFast_mipsel extends CpuInfoFast_base {
  target: 'mipsel';
}

export interface CpuInfoFast_nios2 extends CpuInfoFast_base {
  target: 'nios2';
}

export interface CpuInfoFast_or1k extends CpuInfoFast_base {
  target: 'or1k';
}

export interface CpuInfoFast_ppc extends CpuInfoFast_base {
  target: 'ppc';
}

export interface CpuInfoFast_ppc64 extends CpuInfoFast_base {
  target: 'ppc64';
}

export interface CpuInfoFast_riscv32 extends CpuInfoFast_base {
  target: 'riscv32';
}

export interface CpuInfoFast_riscv64 extends CpuInfoFast_base {
  target: 'riscv64';
}

export interface CpuInfoFast_rx extends CpuInfoFast_base {
  target: 'rx';
}

export interface CpuInfoFast_s390x extends CpuInfoFast_base, CpuInfoS390 {
  target: 's390x';
}

export interface CpuInfoFast_sh4 extends CpuInfoFast_base {
  target: 'sh4';
}

export interface CpuInfoFast_sh4eb extends CpuInfoFast_base {
  target: 'sh4eb';
}

export interface CpuInfoFast_sparc extends CpuInfoFast_base {
  target: 'sparc';
}

export interface CpuInfoFast_sparc64 extends CpuInfoFast_base {
  target: 'sparc64';
}

export interface CpuInfoFast_tricore extends CpuInfoFast_base {
  target: 'tricore';
}

export interface CpuInfoFast_x86_64 extends CpuInfoFast_base {
  target: 'x86_64';
}

export interface CpuInfoFast_xtensa extends CpuInfoFast_base {
  target: 'xtensa';
}

export interface CpuInfoFast_xtensaeb extends CpuInfoFast_base {
  target: 'xtensaeb';
}

export interface CpuInfoS390 {
  'cpu-state': CpuS390State;
}

export interface CpuInstanceProperties {
  'node-id'?: Int64 | undefined;
  'socket-id'?: Int64 | undefined;
  'die-id'?: Int64 | undefined;
  'cluster-id'?: Int64 | undefined;
  'core-id'?: Int64 | undefined;
  'thread-id'?: Int64 | undefined;
}

export interface CpuModelExpansionInfo {
  model: CpuModelInfo;
}

export type CpuModelExpansionType = 'static' | 'full';

export interface CpuModelInfo {
  name: string;
  props?: JsonValue | undefined;
}

export type CpuS390State = 'uninitialized' | 'stopped' | 'check-stop' | 'operating' | 'load';

export interface CryptodevBackendProperties {
  queues?: number | undefined;
}

export interface CryptodevVhostUserProperties {
  queues?: number | undefined;
  chardev: string;
}

export interface CurrentMachineParams {
  'wakeup-suspend-support': boolean;
}

export interface DBusVMStateProperties {
  addr: string;
  'id-list'?: string | undefined;
}

export type DataFormat = 'utf8' | 'base64';

export interface DeviceAddArguments {
  driver: string;
  bus?: string | undefined;
  id?: string | undefined;
  [member: string]: unknown;
}

export interface DeviceDelArguments {
  id: string;
}

export interface DeviceDeletedData {
  device?: string | undefined;
  path: string;
}

export interface DeviceListPropertiesArguments {
  typename: string;
}

export interface DeviceTrayMovedData {
  device: string;
  id: string;
  'tray-open': boolean;
}

export interface DeviceUnplugGuestErrorData {
  device?: string | undefined;
  path: string;
}

export interface DirtyLimitInfo {
  'cpu-index': Int64;
  'limit-rate': Int64;
  'current-rate': Int64;
}

export interface DirtyRateInfo {
  'dirty-rate'?: Int64 | undefined;
  status: DirtyRateStatus;
  'start-time': Int64;
  'calc-time': Int64;
  'sample-pages': Int64;
  mode: DirtyRateMeasureMode;
  'vcpu-dirty-rate'?: readonly DirtyRateVcpu[] | undefined;
}

export type DirtyRateMeasureMode = 'page-sampling' | 'dirty-ring' | 'dirty-bitmap';

export type DirtyRateStatus = 'unstarted' | 'measuring' | 'measured';

export interface DirtyRateVcpu {
  id: Int64;
  'dirty-rate': Int64;
}

export interface DisplayCurses {
  charset?: string | undefined;
}

export interface DisplayDBus {
  rendernode?: string | undefined;
  addr?: string | undefined;
  p2p?: boolean | undefined;
  audiodev?: string | undefined;
}

export interface DisplayEGLHeadless {
  rendernode?: string | undefined;
}

export type DisplayGLMode = 'off' | 'on' | 'core' | 'es';

export interface DisplayGTK {
  'grab-on-hover'?: boolean | undefined;
  'zoom-to-fit'?: boolean | undefined;
  'show-tabs'?: boolean | undefined;
  'show-menubar'?: boolean | undefined;
}

export type DisplayOptions =
  | DisplayOptions_gtk
  | DisplayOptions_curses
  | DisplayOptions_egl_headless
  | DisplayOptions_dbus
  | DisplayOptions_sdl
  | DisplayOptions_default
  | DisplayOptions_none
  | DisplayOptions_spice_app;

/** What all kinds of `DisplayOptions` have. */
export interface DisplayOptions_base {
  'full-screen'?: boolean | undefined;
  'window-close'?: boolean | undefined;
  'show-cursor'?: boolean | undefined;
  gl?: DisplayGLMode | undefined;
}

export interface DisplayOptions_curses extends DisplayOptions_base, DisplayCurses {
  type: 'curses';
}

export interface DisplayOptions_dbus extends DisplayOptions_base, DisplayDBus {
  type: 'dbus';
}

export interface DisplayOptions_default extends DisplayOptions_base {
  type: 'default';
}

export interface DisplayOptions_egl_headless extends DisplayOptions_base, DisplayEGLHeadless {
  type: 'egl-headless';
}

export interface DisplayOptions_gtk extends DisplayOptions_base, DisplayGTK {
  type: 'gtk';
}

export interface DisplayOptions_none extends DisplayOptions_base {
  type: 'none';
}

export interface DisplayOptions_sdl extends DisplayOptions_base, DisplaySDL {
  type: 'sdl';
}

export interface DisplayOptions_spice_app extends DisplayOptions_base {
  type: 'spice-app';
}

export type DisplayProtocol = 'vnc' | 'spice';

export type DisplayReloadOptions = DisplayReloadOptions_vnc;

export interface DisplayReloadOptionsVNC {
  'tls-certs'?: boolean | undefined;
}

export interface DisplayReloadOptions_vnc extends DisplayReloadOptionsVNC {
  type: 'vnc';
}

export type DisplayReloadType = 'vnc';

export interface DisplaySDL {
  'grab-mod'?: HotKeyMod | undefined;
}

export type DisplayType =
  | 'default'
  | 'none'
  | 'gtk'
  | 'sdl'
  | 'egl-headless'
  | 'curses'
  | 'spice-app'
  | 'dbus';

export type DisplayUpdateOptions = DisplayUpdateOptions_vnc;

export interface DisplayUpdateOptionsVNC {
  addresses?: readonly SocketAddress[] | undefined;
}

export interface DisplayUpdateOptions_vnc extends DisplayUpdateOptionsVNC {
  type: 'vnc';
}

export type DisplayUpdateType = 'vnc';

export interface DriveBackup {
  'job-id'?: string | undefined;
  device: string;
  sync: MirrorSyncMode;
  speed?: Int64 | undefined;
  bitmap?: string | undefined;
  'bitmap-mode'?: BitmapSyncMode | undefined;
  compress?: boolean | undefined;
  'on-source-error'?: BlockdevOnError | undefined;
  'on-target-error'?: BlockdevOnError | undefined;
  'auto-finalize'?: boolean | undefined;
  'auto-dismiss'?: boolean | undefined;
  'filter-node-name'?: string | undefined;
  /** @experimental */
  'x-perf'?: BackupPerf | undefined;
  target: string;
  format?: string | undefined;
  mode?: NewImageMode | undefined;
}

export interface DriveBackupWrapper {
  data: DriveBackup;
}

export interface DriveMirror {
  'job-id'?: string | undefined;
  device: string;
  target: string;
  format?: string | undefined;
  'node-name'?: string | undefined;
  replaces?: string | undefined;
  sync: MirrorSyncMode;
  mode?: NewImageMode | undefined;
  speed?: Int64 | undefined;
  granularity?: number | undefined;
  'buf-size'?: Int64 | undefined;
  'on-source-error'?: BlockdevOnError | undefined;
  'on-target-error'?: BlockdevOnError | undefined;
  unmap?: boolean | undefined;
  'copy-mode'?: MirrorCopyMode | undefined;
  'auto-finalize'?: boolean | undefined;
  'auto-dismiss'?: boolean | undefined;
}

export interface DumpCompletedData {
  result: DumpQueryResult;
  error?: string | undefined;
}

export interface DumpGuestMemoryArguments {
  paging: boolean;
  protocol: string;
  detach?: boolean | undefined;
  begin?: Int64 | undefined;
  length?: Int64 | undefined;
  format?: DumpGuestMemoryFormat | undefined;
}

export interface DumpGuestMemoryCapability {
  formats: readonly DumpGuestMemoryFormat[];
}

export type DumpGuestMemoryFormat = 'elf' | 'kdump-zlib' | 'kdump-lzo' | 'kdump-snappy' | 'win-dmp';

export interface DumpQueryResult {
  status: DumpStatus;
  completed: Int64;
  total: Int64;
}

export type DumpStatus = 'none' | 'active' | 'completed' | 'failed';

export interface DumpdtbArguments {
  filename: string;
}

export interface EjectArguments {
  /** @deprecated */
  device?: string | undefined;
  id?: string | undefined;
  force?: boolean | undefined;
}

export type ExpirePasswordOptions = ExpirePasswordOptions_vnc | ExpirePasswordOptions_spice;

export interface ExpirePasswordOptionsVnc {
  display?: string | undefined;
}

/** What all kinds of `ExpirePasswordOptions` have. */
export interface ExpirePasswordOptions_base {
  time: string;
}

export interface ExpirePasswordOptions_spice extends ExpirePasswordOptions_base {
  protocol: 'spice';
}

export interface ExpirePasswordOptions_vnc extends ExpirePasswordOptions_base, ExpirePasswordOptionsVnc {
  protocol: 'vnc';
}

export interface FailoverNegotiatedData {
  'device-id': string;
}

export interface FdsetFdInfo {
  fd: Int64;
  opaque?: string | undefined;
}

export interface FdsetInfo {
  'fdset-id': Int64;
  fds: readonly FdsetFdInfo[];
}

export interface FilterBufferProperties {
  netdev: string;
  queue?: NetFilterDirection | undefined;
  status?: string | undefined;
  position?: string | undefined;
  insert?: NetfilterInsert | undefined;
  interval: number;
}

export interface FilterDumpProperties {
  netdev: string;
  queue?: NetFilterDirection | undefined;
  status?: string | undefined;
  position?: string | undefined;
  insert?: NetfilterInsert | undefined;
  file: string;
  maxlen?: number | undefined;
}

export interface FilterMirrorProperties {
  netdev: string;
  queue?: NetFilterDirection | undefined;
  status?: string | undefined;
  position?: string | undefined;
  insert?: NetfilterInsert | undefined;
  outdev: string;
  vnet_hdr_support?: boolean | undefined;
}

export interface FilterRedirectorProperties {
  netdev: string;
  queue?: NetFilterDirection | undefined;
  status?: string | undefined;
  position?: string | undefined;
  insert?: NetfilterInsert | undefined;
  indev?: string | undefined;
  outdev?: string | undefined;
  vnet_hdr_support?: boolean | undefined;
}

export interface FilterRewriterProperties {
  netdev: string;
  queue?: NetFilterDirection | undefined;
  status?: string | undefined;
  position?: string | undefined;
  insert?: NetfilterInsert | undefined;
  vnet_hdr_support?: boolean | undefined;
}

export type FuseExportAllowOther = 'off' | 'on' | 'auto';

export interface GetfdArguments {
  fdname: string;
}

export type GrabToggleKeys =
  | 'ctrl-ctrl'
  | 'alt-alt'
  | 'shift-shift'
  | 'meta-meta'
  | 'scrolllock'
  | 'ctrl-scrolllock';

export interface GuestCrashloadedData {
  action: GuestPanicAction;
  info?: GuestPanicInformation | undefined;
}

export type GuestPanicAction = 'pause' | 'poweroff' | 'run';

export type GuestPanicInformation = GuestPanicInformation_hyper_v | GuestPanicInformation_s390;

export interface GuestPanicInformationHyperV {
  arg1: Int64;
  arg2: Int64;
  arg3: Int64;
  arg4: Int64;
  arg5: Int64;
}

export interface GuestPanicInformationS390 {
  core: number;
  'psw-mask': Int64;
  'psw-addr': Int64;
  reason: S390CrashReason;
}

export type GuestPanicInformationType = 'hyper-v' | 's390';

export interface GuestPanicInformation_hyper_v extends GuestPanicInformationHyperV {
  type: 'hyper-v';
}

export interface GuestPanicInformation_s390 extends GuestPanicInformationS390 {
  type: 's390';
}

export interface GuestPanickedData {
  action: GuestPanicAction;
  info?: GuestPanicInformation | undefined;
}

export interface GuidInfo {
  guid: string;
}

export type HmatCacheAssociativity = 'none' | 'direct' | 'complex';

export type HmatCacheWritePolicy = 'none' | 'write-back' | 'write-through';

export type HmatLBDataType =
  | 'access-latency'
  | 'read-latency'
  | 'write-latency'
  | 'access-bandwidth'
  | 'read-bandwidth'
  | 'write-bandwidth';

export type HmatLBMemoryHierarchy = 'memory' | 'first-level' | 'second-level' | 'third-level';

export type HostMemPolicy = 'default' | 'preferred' | 'bind' | 'interleave';

export type HotKeyMod = 'lctrl-lalt' | 'lshift-lctrl-lalt' | 'rctrl';

export interface HotpluggableCPU {
  type: string;
  'vcpus-count': Int64;
  props: CpuInstanceProperties;
  'qom-path'?: string | undefined;
}

export interface HumanMonitorCommandArguments {
  'command-line': string;
  'cpu-index'?: Int64 | undefined;
}

export interface HumanReadableText {
  'human-readable-text': string;
}

export interface IOThreadInfo {
  id: string;
  'thread-id': Int64;
  'poll-max-ns': Int64;
  'poll-grow': Int64;
  'poll-shrink': Int64;
  'aio-max-batch': Int64;
}

export type ImageFormat = 'ppm' | 'png';

export interface ImageInfo {
  filename: string;
  format: string;
  'dirty-flag'?: boolean | undefined;
  'actual-size'?: Int64 | undefined;
  'virtual-size': Int64;
  'cluster-size'?: Int64 | undefined;
  encrypted?: boolean | undefined;
  compressed?: boolean | undefined;
  'backing-filename'?: string | undefined;
  'full-backing-filename'?: string | undefined;
  'backing-filename-format'?: string | undefined;
  snapshots?: readonly SnapshotInfo[] | undefined;
  'backing-image'?: ImageInfo | undefined;
  'format-specific'?: ImageInfoSpecific | undefined;
}

export type ImageInfoSpecific =
  | ImageInfoSpecific_qcow2
  | ImageInfoSpecific_vmdk
  | ImageInfoSpecific_luks
  | ImageInfoSpecific_rbd;

export type ImageInfoSpecificKind = 'qcow2' | 'vmdk' | 'luks' | 'rbd';

export interface ImageInfoSpecificLUKSWrapper {
  data: QCryptoBlockInfoLUKS;
}

export interface ImageInfoSpecificQCow2 {
  compat: string;
  'data-file'?: string | undefined;
  'data-file-raw'?: boolean | undefined;
  'extended-l2'?: boolean | undefined;
  'lazy-refcounts'?: boolean | undefined;
  corrupt?: boolean | undefined;
  'refcount-bits': Int64;
  encrypt?: ImageInfoSpecificQCow2Encryption | undefined;
  bitmaps?: readonly Qcow2BitmapInfo[] | undefined;
  'compression-type': Qcow2CompressionType;
}

export type ImageInfoSpecificQCow2Encryption =
  | ImageInfoSpecificQCow2Encryption_luks
  | ImageInfoSpecificQCow2Encryption_aes;

export interface ImageInfoSpecificQCow2Encryption_aes {
  format: 'aes';
}

export interface ImageInfoSpecificQCow2Encryption_luks extends QCryptoBlockInfoLUKS {
  format: 'luks';
}

export interface ImageInfoSpecificQCow2Wrapper {
  data: ImageInfoSpecificQCow2;
}

export interface ImageInfoSpecificRbd {
  'encryption-format'?: RbdImageEncryptionFormat | undefined;
}

export interface ImageInfoSpecificRbdWrapper {
  data: ImageInfoSpecificRbd;
}

export interface ImageInfoSpecificVmdk {
  'create-type': string;
  cid: Int64;
  'parent-cid': Int64;
  extents: readonly ImageInfo[];
}

export interface ImageInfoSpecificVmdkWrapper {
  data: ImageInfoSpecificVmdk;
}

export interface ImageInfoSpecific_luks extends ImageInfoSpecificLUKSWrapper {
  type: 'luks';
}

export interface ImageInfoSpecific_qcow2 extends ImageInfoSpecificQCow2Wrapper {
  type: 'qcow2';
}

export interface ImageInfoSpecific_rbd extends ImageInfoSpecificRbdWrapper {
  type: 'rbd';
}

export interface ImageInfoSpecific_vmdk extends ImageInfoSpecificVmdkWrapper {
  type: 'vmdk';
}

export interface InetSocketAddress {
  host: string;
  port: string;
  numeric?: boolean | undefined;
  to?: number | undefined;
  ipv4?: boolean | undefined;
  ipv6?: boolean | undefined;
  'keep-alive'?: boolean | undefined;
  mptcp?: boolean | undefined;
}

export interface InetSocketAddressBase {
  host: string;
  port: string;
}

export interface InetSocketAddressWrapper {
  data: InetSocketAddress;
}

export type InputAxis = 'x' | 'y';

export interface InputBarrierProperties {
  name: string;
  server?: string | undefined;
  port?: string | undefined;
  'x-origin'?: string | undefined;
  'y-origin'?: string | undefined;
  width?: string | undefined;
  height?: string | undefined;
}

export interface InputBtnEvent {
  button: InputButton;
  down: boolean;
}

export interface InputBtnEventWrapper {
  data: InputBtnEvent;
}

export type InputButton =
  | 'left'
  | 'middle'
  | 'right'
  | 'wheel-up'
  | 'wheel-down'
  | 'side'
  | 'extra'
  | 'wheel-left'
  | 'wheel-right';

export type InputEvent = InputEvent_key | InputEvent_btn | InputEvent_rel | InputEvent_abs;

export type InputEventKind = 'key' | 'btn' | 'rel' | 'abs';

export interface InputEvent_abs extends InputMoveEventWrapper {
  type: 'abs';
}

export interface InputEvent_btn extends InputBtnEventWrapper {
  type: 'btn';
}

export interface InputEvent_key extends InputKeyEventWrapper {
  type: 'key';
}

export interface InputEvent_rel extends InputMoveEventWrapper {
  type: 'rel';
}

export interface InputKeyEvent {
  key: KeyValue;
  down: boolean;
}

export interface InputKeyEventWrapper {
  data: InputKeyEvent;
}

export interface InputLinuxProperties {
  evdev: string;
  grab_all?: boolean | undefined;
  repeat?: boolean | undefined;
  'grab-toggle'?: GrabToggleKeys | undefined;
}

export interface InputMoveEvent {
  axis: InputAxis;
  value: Int64;
}

export interface InputMoveEventWrapper {
  data: InputMoveEvent;
}

export interface InputSendEventArguments {
  device?: string | undefined;
  head?: Int64 | undefined;
  events: readonly InputEvent[];
}

export interface IntWrapper {
  data: Int64;
}

export type IoOperationType = 'read' | 'write';

export interface IothreadProperties {
  'aio-max-batch'?: Int64 | undefined;
  'thread-pool-min'?: Int64 | undefined;
  'thread-pool-max'?: Int64 | undefined;
  'poll-max-ns'?: Int64 | undefined;
  'poll-grow'?: Int64 | undefined;
  'poll-shrink'?: Int64 | undefined;
}

export type IscsiHeaderDigest = 'crc32c' | 'none' | 'crc32c-none' | 'none-crc32c';

export type IscsiTransport = 'tcp' | 'iser';

export type JSONType =
  | 'string'
  | 'number'
  | 'int'
  | 'boolean'
  | 'null'
  | 'object'
  | 'array'
  | 'value';

export interface JobCancelArguments {
  id: string;
}

export interface JobCompleteArguments {
  id: string;
}

export interface JobDismissArguments {
  id: string;
}

export interface JobFinalizeArguments {
  id: string;
}

export interface JobInfo {
  id: string;
  type: JobType;
  status: JobStatus;
  'current-progress': Int64;
  'total-progress': Int64;
  error?: string | undefined;
}

export interface JobPauseArguments {
  id: string;
}

export interface JobResumeArguments {
  id: string;
}

export type JobStatus =
  | 'undefined'
  | 'created'
  | 'running'
  | 'paused'
  | 'ready'
  | 'standby'
  | 'waiting'
  | 'pending'
  | 'aborting'
  | 'concluded'
  | 'null';

export interface JobStatusChangeData {
  id: string;
  status: JobStatus;
}

export type JobType =
  | 'commit'
  | 'stream'
  | 'mirror'
  | 'backup'
  | 'create'
  | 'amend'
  | 'snapshot-load'
  | 'snapshot-save'
  | 'snapshot-delete';

export type KeyValue = KeyValue_number | KeyValue_qcode;

export type KeyValueKind = 'number' | 'qcode';

export interface KeyValue_number extends IntWrapper {
  type: 'number';
}

export interface KeyValue_qcode extends QKeyCodeWrapper {
  type: 'qcode';
}

export interface KvmInfo {
  enabled: boolean;
  present: boolean;
}

export interface MachineInfo {
  name: string;
  alias?: string | undefined;
  'is-default'?: boolean | undefined;
  'cpu-max': Int64;
  'hotpluggable-cpus': boolean;
  'numa-mem-supported': boolean;
  deprecated: boolean;
  'default-cpu-type'?: string | undefined;
  'default-ram-id'?: string | undefined;
}

export interface MainLoopProperties {
  'aio-max-batch'?: Int64 | undefined;
  'thread-pool-min'?: Int64 | undefined;
  'thread-pool-max'?: Int64 | undefined;
}

export interface MemUnplugErrorData {
  device: string;
  msg: string;
}

export interface Memdev {
  id?: string | undefined;
  size: Int64;
  merge: boolean;
  dump: boolean;
  prealloc: boolean;
  share: boolean;
  reserve?: boolean | undefined;
  'host-nodes': readonly number[];
  policy: HostMemPolicy;
}

export interface MemoryBackendEpcProperties {
  dump?: boolean | undefined;
  'host-nodes'?: readonly number[] | undefined;
  merge?: boolean | undefined;
  policy?: HostMemPolicy | undefined;
  prealloc?: boolean | undefined;
  'prealloc-threads'?: number | undefined;
  'prealloc-context'?: string | undefined;
  share?: boolean | undefined;
  reserve?: boolean | undefined;
  size: Int64;
  'x-use-canonical-path-for-ramblock-id'?: boolean | undefined;
}

export interface MemoryBackendFileProperties {
  dump?: boolean | undefined;
  'host-nodes'?: readonly number[] | undefined;
  merge?: boolean | undefined;
  policy?: HostMemPolicy | undefined;
  prealloc?: boolean | undefined;
  'prealloc-threads'?: number | undefined;
  'prealloc-context'?: string | undefined;
  share?: boolean | undefined;
  reserve?: boolean | undefined;
  size: Int64;
  'x-use-canonical-path-for-ramblock-id'?: boolean | undefined;
  align?: Int64 | undefined;
  'discard-data'?: boolean | undefined;
  'mem-path': string;
  pmem?: boolean | undefined;
  readonly?: boolean | undefined;
}

export interface MemoryBackendMemfdProperties {
  dump?: boolean | undefined;
  'host-nodes'?: readonly number[] | undefined;
  merge?: boolean | undefined;
  policy?: HostMemPolicy | undefined;
  prealloc?: boolean | undefined;
  'prealloc-threads'?: number | undefined;
  'prealloc-context'?: string | undefined;
  share?: boolean | undefined;
  reserve?: boolean | undefined;
  size: Int64;
  'x-use-canonical-path-for-ramblock-id'?: boolean | undefined;
  hugetlb?: boolean | undefined;
  hugetlbsize?: Int64 | undefined;
  seal?: boolean | undefined;
}

export interface MemoryBackendProperties {
  dump?: boolean | undefined;
  'host-nodes'?: readonly number[] | undefined;
  merge?: boolean | undefined;
  policy?: HostMemPolicy | undefined;
  prealloc?: boolean | undefined;
  'prealloc-threads'?: number | undefined;
  'prealloc-context'?: string | undefined;
  share?: boolean | undefined;
  reserve?: boolean | undefined;
  size: Int64;
  'x-use-canonical-path-for-ramblock-id'?: boolean | undefined;
}

export type MemoryDeviceInfo =
  | MemoryDeviceInfo_dimm
  | MemoryDeviceInfo_nvdimm
  | MemoryDeviceInfo_virtio_pmem
  | MemoryDeviceInfo_virtio_mem
  | MemoryDeviceInfo_sgx_epc;

export type MemoryDeviceInfoKind = 'dimm' | 'nvdimm' | 'virtio-pmem' | 'virtio-mem' | 'sgx-epc';

export interface MemoryDeviceInfo_dimm extends PCDIMMDeviceInfoWrapper {
  type: 'dimm';
}

export interface MemoryDeviceInfo_nvdimm extends PCDIMMDeviceInfoWrapper {
  type: 'nvdimm';
}

export interface MemoryDeviceInfo_sgx_epc extends SgxEPCDeviceInfoWrapper {
  type: 'sgx-epc';
}

export interface MemoryDeviceInfo_virtio_mem extends VirtioMEMDeviceInfoWrapper {
  type: 'virtio-mem';
}

export interface MemoryDeviceInfo_virtio_pmem extends VirtioPMEMDeviceInfoWrapper {
  type: 'virtio-pmem';
}

export interface MemoryDeviceSizeChangeData {
  id?: string | undefined;
  size: Int64;
  'qom-path': string;
}

export type MemoryFailureAction = 'ignore' | 'inject' | 'fatal' | 'reset';

export interface MemoryFailureData {
  recipient: MemoryFailureRecipient;
  action: MemoryFailureAction;
  flags: MemoryFailureFlags;
}

export interface MemoryFailureFlags {
  'action-required': boolean;
  recursive: boolean;
}

export type MemoryFailureRecipient = 'hypervisor' | 'guest';

export interface MemoryInfo {
  'base-memory': Int64;
  'plugged-memory'?: Int64 | undefined;
}

export interface MemsaveArguments {
  val: Int64;
  size: Int64;
  filename: string;
  'cpu-index'?: Int64 | undefined;
}

export interface MigrateArguments {
  uri: string;
  blk?: boolean | undefined;
  inc?: boolean | undefined;
  detach?: boolean | undefined;
  resume?: boolean | undefined;
}

export interface MigrateContinueArguments {
  state: MigrationStatus;
}

export interface MigrateIncomingArguments {
  uri: string;
}

export interface MigrateRecoverArguments {
  uri: string;
}

export interface MigrateSetCapabilitiesArguments {
  capabilities: readonly MigrationCapabilityStatus[];
}

export interface MigrateSetParameters {
  'announce-initial'?: Int64 | undefined;
  'announce-max'?: Int64 | undefined;
  'announce-rounds'?: Int64 | undefined;
  'announce-step'?: Int64 | undefined;
  'compress-level'?: number | undefined;
  'compress-threads'?: number | undefined;
  'compress-wait-thread'?: boolean | undefined;
  'decompress-threads'?: number | undefined;
  'throttle-trigger-threshold'?: number | undefined;
  'cpu-throttle-initial'?: number | undefined;
  'cpu-throttle-increment'?: number | undefined;
  'cpu-throttle-tailslow'?: boolean | undefined;
  'tls-creds'?: StrOrNull | undefined;
  'tls-hostname'?: StrOrNull | undefined;
  'tls-authz'?: StrOrNull | undefined;
  'max-bandwidth'?: Int64 | undefined;
  'downtime-limit'?: Int64 | undefined;
  /** @experimental */
  'x-checkpoint-delay'?: number | undefined;
  'block-incremental'?: boolean | undefined;
  'multifd-channels'?: number | undefined;
  'xbzrle-cache-size'?: Int64 | undefined;
  'max-postcopy-bandwidth'?: Int64 | undefined;
  'max-cpu-throttle'?: number | undefined;
  'multifd-compression'?: MultiFDCompression | undefined;
  'multifd-zlib-level'?: number | undefined;
  'multifd-zstd-level'?: number | undefined;
  'block-bitmap-mapping'?: readonly BitmapMigrationNodeAlias[] | undefined;
}

export type MigrationCapability =
  | 'xbzrle'
  | 'rdma-pin-all'
  | 'auto-converge'
  | 'zero-blocks'
  | 'compress'
  | 'events'
  | 'postcopy-ram'
  | 'x-colo'
  | 'release-ram'
  | 'block'
  | 'return-path'
  | 'pause-before-switchover'
  | 'multifd'
  | 'dirty-bitmaps'
  | 'postcopy-blocktime'
  | 'late-block-activate'
  | 'x-ignore-shared'
  | 'validate-uuid'
  | 'background-snapshot'
  | 'zero-copy-send'
  | 'postcopy-preempt';

export interface MigrationCapabilityStatus {
  capability: MigrationCapability;
  state: boolean;
}

export interface MigrationData {
  status: MigrationStatus;
}

export interface MigrationInfo {
  status?: MigrationStatus | undefined;
  ram?: MigrationStats | undefined;
  disk?: MigrationStats | undefined;
  vfio?: VfioStats | undefined;
  'xbzrle-cache'?: XBZRLECacheStats | undefined;
  'total-time'?: Int64 | undefined;
  'expected-downtime'?: Int64 | undefined;
  downtime?: Int64 | undefined;
  'setup-time'?: Int64 | undefined;
  'cpu-throttle-percentage'?: Int64 | undefined;
  'error-desc'?: string | undefined;
  'blocked-reasons'?: readonly string[] | undefined;
  'postcopy-blocktime'?: number | undefined;
  'postcopy-vcpu-blocktime'?: readonly number[] | undefined;
  compression?: CompressionStats | undefined;
  'socket-address'?: readonly SocketAddress[] | undefined;
}

export interface MigrationParameters {
  'announce-initial'?: Int64 | undefined;
  'announce-max'?: Int64 | undefined;
  'announce-rounds'?: Int64 | undefined;
  'announce-step'?: Int64 | undefined;
  'compress-level'?: number | undefined;
  'compress-threads'?: number | undefined;
  'compress-wait-thread'?: boolean | undefined;
  'decompress-threads'?: number | undefined;
  'throttle-trigger-threshold'?: number | undefined;
  'cpu-throttle-initial'?: number | undefined;
  'cpu-throttle-increment'?: number | undefined;
  'cpu-throttle-tailslow'?: boolean | undefined;
  'tls-creds'?: string | undefined;
  'tls-hostname'?: string | undefined;
  'tls-authz'?: string | undefined;
  'max-bandwidth'?: Int64 | undefined;
  'downtime-limit'?: Int64 | undefined;
  /** @experimental */
  'x-checkpoint-delay'?: number | undefined;
  'block-incremental'?: boolean | undefined;
  'multifd-channels'?: number | undefined;
  'xbzrle-cache-size'?: Int64 | undefined;
  'max-postcopy-bandwidth'?: Int64 | undefined;
  'max-cpu-throttle'?: number | undefined;
  'multifd-compression'?: MultiFDCompression | undefined;
  'multifd-zlib-level'?: number | undefined;
  'multifd-zstd-level'?: number | undefined;
  'block-bitmap-mapping'?: readonly BitmapMigrationNodeAlias[] | undefined;
}

export interface MigrationPassData {
  pass: Int64;
}

export interface MigrationStats {
  transferred: Int64;
  remaining: Int64;
  total: Int64;
  duplicate: Int64;
  skipped: Int64;
  normal: Int64;
  'normal-bytes': Int64;
  'dirty-pages-rate': Int64;
  mbps: number;
  'dirty-sync-count': Int64;
  'postcopy-requests': Int64;
  'page-size': Int64;
  'multifd-bytes': Int64;
  'pages-per-second': Int64;
  'precopy-bytes': Int64;
  'downtime-bytes': Int64;
  'postcopy-bytes': Int64;
  'dirty-sync-missed-zero-copy': Int64;
}

export type MigrationStatus =
  | 'none'
  | 'setup'
  | 'cancelling'
  | 'cancelled'
  | 'active'
  | 'postcopy-active'
  | 'postcopy-paused'
  | 'postcopy-recover'
  | 'completed'
  | 'failed'
  | 'colo'
  | 'pre-switchover'
  | 'device'
  | 'wait-unplug';

export type MirrorCopyMode = 'background' | 'write-blocking';

export type MirrorSyncMode = 'top' | 'full' | 'none' | 'incremental' | 'bitmap';

export interface MouseInfo {
  name: string;
  index: Int64;
  current: boolean;
  absolute: boolean;
}

export type MultiFDCompression = 'none' | 'zlib' | 'zstd';

export interface NFSServer {
  type: NFSTransport;
  host: string;
}

export type NFSTransport = 'inet';

export interface NameInfo {
  name?: string | undefined;
}

export interface NbdServerAddOptions {
  name?: string | undefined;
  description?: string | undefined;
  device: string;
  writable?: boolean | undefined;
  bitmap?: string | undefined;
}

export interface NbdServerRemoveArguments {
  name: string;
  mode?: BlockExportRemoveMode | undefined;
}

export interface NbdServerStartArguments {
  addr: SocketAddressLegacy;
  'tls-creds'?: string | undefined;
  'tls-authz'?: string | undefined;
  'max-connections'?: number | undefined;
}

export type NetClientDriver =
  | 'none'
  | 'nic'
  | 'user'
  | 'tap'
  | 'l2tpv3'
  | 'socket'
  | 'stream'
  | 'dgram'
  | 'vde'
  | 'bridge'
  | 'hubport'
  | 'netmap'
  | 'vhost-user'
  | 'vhost-vdpa';

export type NetFilterDirection = 'all' | 'rx' | 'tx';

export interface NetLegacyNicOptions {
  netdev?: string | undefined;
  macaddr?: string | undefined;
  model?: string | undefined;
  addr?: string | undefined;
  vectors?: number | undefined;
}

export type Netdev =
  | Netdev_nic
  | Netdev_user
  | Netdev_tap
  | Netdev_l2tpv3
  | Netdev_socket
  | Netdev_stream
  | Netdev_dgram
  | Netdev_vde
  | Netdev_bridge
  | Netdev_hubport
  | Netdev_netmap
  | Netdev_vhost_user
  | Netdev_vhost_vdpa
  | Netdev_none;

export interface NetdevBridgeOptions {
  br?: string | undefined;
  helper?: string | undefined;
}

export interface NetdevDelArguments {
  id: string;
}

export interface NetdevDgramOptions {
  local?: SocketAddress | undefined;
  remote?: SocketAddress | undefined;
}

export interface NetdevHubPortOptions {
  hubid: number;
  netdev?: string | undefined;
}

export interface NetdevL2TPv3Options {
  src: string;
  dst: string;
  srcport?: string | undefined;
  dstport?: string | undefined;
  ipv6?: boolean | undefined;
  udp?: boolean | undefined;
  cookie64?: boolean | undefined;
  counter?: boolean | undefined;
  pincounter?: boolean | undefined;
  txcookie?: Int64 | undefined;
  rxcookie?: Int64 | undefined;
  txsession: number;
  rxsession?: number | undefined;
  offset?: number | undefined;
}

export interface NetdevNetmapOptions {
  ifname: string;
  devname?: string | undefined;
}

export interface NetdevSocketOptions {
  fd?: string | undefined;
  listen?: string | undefined;
  connect?: string | undefined;
  mcast?: string | undefined;
  localaddr?: string | undefined;
  udp?: string | undefined;
}

export interface NetdevStreamConnectedData {
  'netdev-id': string;
  addr: SocketAddress;
}

export interface NetdevStreamDisconnectedData {
  'netdev-id': string;
}

export interface NetdevStreamOptions {
  addr: SocketAddress;
  server?: boolean | undefined;
}

export interface NetdevTapOptions {
  ifname?: string | undefined;
  fd?: string | undefined;
  fds?: string | undefined;
  script?: string | undefined;
  downscript?: string | undefined;
  br?: string | undefined;
  helper?: string | undefined;
  sndbuf?: Int64 | undefined;
  vnet_hdr?: boolean | undefined;
  vhost?: boolean | undefined;
  vhostfd?: string | undefined;
  vhostfds?: string | undefined;
  vhostforce?: boolean | undefined;
  queues?: number | undefined;
  'poll-us'?: number | undefined;
}

export interface NetdevUserOptions {
  hostname?: string | undefined;
  restrict?: boolean | undefined;
  ipv4?: boolean | undefined;
  ipv6?: boolean | undefined;
  ip?: string | undefined;
  net?: string | undefined;
  host?: string | undefined;
  tftp?: string | undefined;
  bootfile?: string | undefined;
  dhcpstart?: string | undefined;
  dns?: string | undefined;
  dnssearch?: readonly String[] | undefined;
  domainname?: string | undefined;
  'ipv6-prefix'?: string | undefined;
  'ipv6-prefixlen'?: Int64 | undefined;
  'ipv6-host'?: string | undefined;
  'ipv6-dns'?: string | undefined;
  smb?: string | undefined;
  smbserver?: string | undefined;
  hostfwd?: readonly String[] | undefined;
  guestfwd?: readonly String[] | undefined;
  'tftp-server-name'?: string | undefined;
}

export interface NetdevVdeOptions {
  sock?: string | undefined;
  port?: number | undefined;
  group?: string | undefined;
  mode?: number | undefined;
}

export interface NetdevVhostUserOptions {
  chardev: string;
  vhostforce?: boolean | undefined;
  queues?: Int64 | undefined;
}

export interface NetdevVhostVDPAOptions {
  vhostdev?: string | undefined;
  vhostfd?: string | undefined;
  queues?: Int64 | undefined;
  /** @experimental */
  'x-svq'?: boolean | undefined;
}

/** What all kinds of `Netdev` have. */
export interface Netdev_base {
  id: string;
}

export interface Netdev_bridge extends Netdev_base, NetdevBridgeOptions {
  type: 'bridge';
}

export interface Netdev_dgram extends Netdev_base, NetdevDgramOptions {
  type: 'dgram';
}

export interface Netdev_hubport extends Netdev_base, NetdevHubPortOptions {
  type: 'hubport';
}

export interface Netdev_l2tpv3 extends Netdev_base, NetdevL2TPv3Options {
  type: 'l2tpv3';
}

export interface Netdev_netmap extends Netdev_base, NetdevNetmapOptions {
  type: 'netmap';
}

export interface Netdev_nic extends Netdev_base, NetLegacyNicOptions {
  type: 'nic';
}

export interface Netdev_none extends Netdev_base {
  type: 'none';
}

export interface Netdev_socket extends Netdev_base, NetdevSocketOptions {
  type: 'socket';
}

export interface Netdev_stream extends Netdev_base, NetdevStreamOptions {
  type: 'stream';
}

export interface Netdev_tap extends Netdev_base, NetdevTapOptions {
  type: 'tap';
}

export interface Netdev_user extends Netdev_base, NetdevUserOptions {
  type: 'user';
}

export interface Netdev_vde extends Netdev_base, NetdevVdeOptions {
  type: 'vde';
}

export interface Netdev_vhost_user extends Netdev_base, NetdevVhostUserOptions {
  type: 'vhost-user';
}

export interface Netdev_vhost_vdpa extends Netdev_base, NetdevVhostVDPAOptions {
  type: 'vhost-vdpa';
}

export type NetfilterInsert = 'before' | 'behind';

export interface NetfilterProperties {
  netdev: string;
  queue?: NetFilterDirection | undefined;
  status?: string | undefined;
  position?: string | undefined;
  insert?: NetfilterInsert | undefined;
}

export type NetworkAddressFamily = 'ipv4' | 'ipv6' | 'unix' | 'vsock' | 'unknown';

export type NewImageMode = 'existing' | 'absolute-paths';

export interface NicRxFilterChangedData {
  name?: string | undefined;
  path: string;
}

export interface NumaCpuOptions {
  'node-id'?: Int64 | undefined;
  'socket-id'?: Int64 | undefined;
  'die-id'?: Int64 | undefined;
  'cluster-id'?: Int64 | undefined;
  'core-id'?: Int64 | undefined;
  'thread-id'?: Int64 | undefined;
}

export interface NumaDistOptions {
  src: number;
  dst: number;
  val: number;
}

export interface NumaHmatCacheOptions {
  'node-id': number;
  size: Int64;
  level: number;
  associativity: HmatCacheAssociativity;
  policy: HmatCacheWritePolicy;
  line: number;
}

export interface NumaHmatLBOptions {
  initiator: number;
  target: number;
  hierarchy: HmatLBMemoryHierarchy;
  'data-type': HmatLBDataType;
  latency?: Int64 | undefined;
  bandwidth?: Int64 | undefined;
}

export interface NumaNodeOptions {
  nodeid?: number | undefined;
  cpus?: readonly number[] | undefined;
  mem?: Int64 | undefined;
  memdev?: string | undefined;
  initiator?: number | undefined;
}

export type NumaOptions =
  | NumaOptions_node
  | NumaOptions_dist
  | NumaOptions_cpu
  | NumaOptions_hmat_lb
  | NumaOptions_hmat_cache;

export type NumaOptionsType = 'node' | 'dist' | 'cpu' | 'hmat-lb' | 'hmat-cache';

export interface NumaOptions_cpu extends NumaCpuOptions {
  type: 'cpu';
}

export interface NumaOptions_dist extends NumaDistOptions {
  type: 'dist';
}

export interface NumaOptions_hmat_cache extends NumaHmatCacheOptions {
  type: 'hmat-cache';
}

export interface NumaOptions_hmat_lb extends NumaHmatLBOptions {
  type: 'hmat-lb';
}

export interface NumaOptions_node extends NumaNodeOptions {
  type: 'node';
}

export interface ObjectDelArguments {
  id: string;
}

export type ObjectOptions =
  | ObjectOptions_authz_list
  | ObjectOptions_authz_listfile
  | ObjectOptions_authz_pam
  | ObjectOptions_authz_simple
  | ObjectOptions_can_host_socketcan
  | ObjectOptions_colo_compare
  | ObjectOptions_cryptodev_backend
  | ObjectOptions_cryptodev_backend_builtin
  | ObjectOptions_cryptodev_backend_lkcf
  | ObjectOptions_cryptodev_vhost_user
  | ObjectOptions_dbus_vmstate
  | ObjectOptions_filter_buffer
  | ObjectOptions_filter_dump
  | ObjectOptions_filter_mirror
  | ObjectOptions_filter_redirector
  | ObjectOptions_filter_replay
  | ObjectOptions_filter_rewriter
  | ObjectOptions_input_barrier
  | ObjectOptions_input_linux
  | ObjectOptions_iothread
  | ObjectOptions_main_loop
  | ObjectOptions_memory_backend_epc
  | ObjectOptions_memory_backend_file
  | ObjectOptions_memory_backend_memfd
  | ObjectOptions_memory_backend_ram
  | ObjectOptions_pr_manager_helper
  | ObjectOptions_qtest
  | ObjectOptions_rng_builtin
  | ObjectOptions_rng_egd
  | ObjectOptions_rng_random
  | ObjectOptions_secret
  | ObjectOptions_secret_keyring
  | ObjectOptions_sev_guest
  | ObjectOptions_thread_context
  | ObjectOptions_throttle_group
  | ObjectOptions_tls_creds_anon
  | ObjectOptions_tls_creds_psk
  | ObjectOptions_tls_creds_x509
  | ObjectOptions_tls_cipher_suites
  | ObjectOptions_x_remote_object
  | ObjectOptions_x_vfio_user_server
  | ObjectOptions_can_bus
  | ObjectOptions_pef_guest
  | ObjectOptions_s390_pv_guest;

export interface ObjectOptions_authz_list extends ObjectOptions_base, AuthZListProperties {
  'qom-type': 'authz-list';
}

export interface ObjectOptions_authz_listfile extends ObjectOptions_base, AuthZListFileProperties {
  'qom-type': 'authz-listfile';
}

export interface ObjectOptions_authz_pam extends ObjectOptions_base, AuthZPAMProperties {
  'qom-type': 'authz-pam';
}

export interface ObjectOptions_authz_simple extends ObjectOptions_base, AuthZSimpleProperties {
  'qom-type': 'authz-simple';
}

/** What all kinds of `ObjectOptions` have. */
export interface ObjectOptions_base {
  id: string;
}

export interface ObjectOptions_can_bus extends ObjectOptions_base {
  'qom-type': 'can-bus';
}

export interface ObjectOptions_can_host_socketcan extends ObjectOptions_base, CanHostSocketcanProperties {
  'qom-type': 'can-host-socketcan';
}

export interface ObjectOptions_colo_compare extends ObjectOptions_base, ColoCompareProperties {
  'qom-type': 'colo-compare';
}

export interface ObjectOptions_cryptodev_backend extends ObjectOptions_base, CryptodevBackendProperties {
  'qom-type': 'cryptodev-backend';
}

export interface ObjectOptions_cryptodev_backend_builtin extends ObjectOptions_base, CryptodevBackendProperties {
  'qom-type': 'cryptodev-backend-builtin';
}

export interface ObjectOptions_cryptodev_backend_lkcf extends ObjectOptions_base, CryptodevBackendProperties {
  'qom-type': 'cryptodev-backend-lkcf';
}

export interface ObjectOptions_cryptodev_vhost_user extends ObjectOptions_base, CryptodevVhostUserProperties {
  'qom-type': 'cryptodev-vhost-user';
}

export interface ObjectOptions_dbus_vmstate extends ObjectOptions_base, DBusVMStateProperties {
  'qom-type': 'dbus-vmstate';
}

export interface ObjectOptions_filter_buffer extends ObjectOptions_base, FilterBufferProperties {
  'qom-type': 'filter-buffer';
}

export interface ObjectOptions_filter_dump extends ObjectOptions_base, FilterDumpProperties {
  'qom-type': 'filter-dump';
}

export interface ObjectOptions_filter_mirror extends ObjectOptions_base, FilterMirrorProperties {
  'qom-type': 'filter-mirror';
}

export interface ObjectOptions_filter_redirector extends ObjectOptions_base, FilterRedirectorProperties {
  'qom-type': 'filter-redirector';
}

export interface ObjectOptions_filter_replay extends ObjectOptions_base, NetfilterProperties {
  'qom-type': 'filter-replay';
}

export interface ObjectOptions_filter_rewriter extends ObjectOptions_base, FilterRewriterProperties {
  'qom-type': 'filter-rewriter';
}

export interface ObjectOptions_input_barrier extends ObjectOptions_base, InputBarrierProperties {
  'qom-type': 'input-barrier';
}

export interface ObjectOptions_input_linux extends ObjectOptions_base, InputLinuxProperties {
  'qom-type': 'input-linux';
}

export interface ObjectOptions_iothread extends ObjectOptions_base, IothreadProperties {
  'qom-type': 'iothread';
}

export interface ObjectOptions_main_loop extends ObjectOptions_base, MainLoopProperties {
  'qom-type': 'main-loop';
}

export interface ObjectOptions_memory_backend_epc extends ObjectOptions_base, MemoryBackendEpcProperties {
  'qom-type': 'memory-backend-epc';
}

export interface ObjectOptions_memory_backend_file extends ObjectOptions_base, MemoryBackendFileProperties {
  'qom-type': 'memory-backend-file';
}

export interface ObjectOptions_memory_backend_memfd extends ObjectOptions_base, MemoryBackendMemfdProperties {
  'qom-type': 'memory-backend-memfd';
}

export interface ObjectOptions_memory_backend_ram extends ObjectOptions_base, MemoryBackendProperties {
  'qom-type': 'memory-backend-ram';
}

export interface ObjectOptions_pef_guest extends ObjectOptions_base {
  'qom-type': 'pef-guest';
}

export interface ObjectOptions_pr_manager_helper extends ObjectOptions_base, PrManagerHelperProperties {
  'qom-type': 'pr-manager-helper';
}

export interface ObjectOptions_qtest extends ObjectOptions_base, QtestProperties {
  'qom-type': 'qtest';
}

export interface ObjectOptions_rng_builtin extends ObjectOptions_base, RngProperties {
  'qom-type': 'rng-builtin';
}

export interface ObjectOptions_rng_egd extends ObjectOptions_base, RngEgdProperties {
  'qom-type': 'rng-egd';
}

export interface ObjectOptions_rng_random extends ObjectOptions_base, RngRandomProperties {
  'qom-type': 'rng-random';
}

export interface ObjectOptions_s390_pv_guest extends ObjectOptions_base {
  'qom-type': 's390-pv-guest';
}

export interface ObjectOptions_secret extends ObjectOptions_base, SecretProperties {
  'qom-type': 'secret';
}

export interface ObjectOptions_secret_keyring extends ObjectOptions_base, SecretKeyringProperties {
  'qom-type': 'secret_keyring';
}

export interface ObjectOptions_sev_guest extends ObjectOptions_base, SevGuestProperties {
  'qom-type': 'sev-guest';
}

export interface ObjectOptions_thread_context extends ObjectOptions_base, ThreadContextProperties {
  'qom-type': 'thread-context';
}

export interface ObjectOptions_throttle_group extends ObjectOptions_base, ThrottleGroupProperties {
  'qom-type': 'throttle-group';
}

export interface ObjectOptions_tls_cipher_suites extends ObjectOptions_base, TlsCredsProperties {
  'qom-type': 'tls-cipher-suites';
}

export interface ObjectOptions_tls_creds_anon extends ObjectOptions_base, TlsCredsAnonProperties {
  'qom-type': 'tls-creds-anon';
}

export interface ObjectOptions_tls_creds_psk extends ObjectOptions_base, TlsCredsPskProperties {
  'qom-type': 'tls-creds-psk';
}

export interface ObjectOptions_tls_creds_x509 extends ObjectOptions_base, TlsCredsX509Properties {
  'qom-type': 'tls-creds-x509';
}

export interface ObjectOptions_x_remote_object extends ObjectOptions_base, RemoteObjectProperties {
  'qom-type': 'x-remote-object';
}

export interface ObjectOptions_x_vfio_user_server extends ObjectOptions_base, VfioUserServerProperties {
  'qom-type': 'x-vfio-user-server';
}

export interface ObjectPropertyInfo {
  name: string;
  type: string;
  description?: string | undefined;
  'default-value'?: JsonValue | undefined;
}

export type ObjectType =
  | 'authz-list'
  | 'authz-listfile'
  | 'authz-pam'
  | 'authz-simple'
  | 'can-bus'
  | 'can-host-socketcan'
  | 'colo-compare'
  | 'cryptodev-backend'
  | 'cryptodev-backend-builtin'
  | 'cryptodev-backend-lkcf'
  | 'cryptodev-vhost-user'
  | 'dbus-vmstate'
  | 'filter-buffer'
  | 'filter-dump'
  | 'filter-mirror'
  | 'filter-redirector'
  | 'filter-replay'
  | 'filter-rewriter'
  | 'input-barrier'
  | 'input-linux'
  | 'iothread'
  | 'main-loop'
  | 'memory-backend-epc'
  | 'memory-backend-file'
  | 'memory-backend-memfd'
  | 'memory-backend-ram'
  | 'pef-guest'
  | 'pr-manager-helper'
  | 'qtest'
  | 'rng-builtin'
  | 'rng-egd'
  | 'rng-random'
  | 'secret'
  | 'secret_keyring'
  | 'sev-guest'
  | 'thread-context'
  | 's390-pv-guest'
  | 'throttle-group'
  | 'tls-creds-anon'
  | 'tls-creds-psk'
  | 'tls-creds-x509'
  | 'tls-cipher-suites'
  | 'x-remote-object'
  | 'x-vfio-user-server';

export interface ObjectTypeInfo {
  name: string;
  abstract?: boolean | undefined;
  parent?: string | undefined;
}

export type OnCbwError = 'break-guest-write' | 'break-snapshot';

export type OnOffAuto = 'auto' | 'on' | 'off';

export interface PCDIMMDeviceInfo {
  id?: string | undefined;
  addr: Int64;
  size: Int64;
  slot: Int64;
  node: Int64;
  memdev: string;
  hotplugged: boolean;
  hotpluggable: boolean;
}

export interface PCDIMMDeviceInfoWrapper {
  data: PCDIMMDeviceInfo;
}

export interface PRManagerInfo {
  id: string;
  connected: boolean;
}

export type PanicAction = 'pause' | 'shutdown' | 'exit-failure' | 'none';

export interface PciBridgeInfo {
  bus: PciBusInfo;
  devices?: readonly PciDeviceInfo[] | undefined;
}

export interface PciBusInfo {
  number: Int64;
  secondary: Int64;
  subordinate: Int64;
  io_range: PciMemoryRange;
  memory_range: PciMemoryRange;
  prefetchable_range: PciMemoryRange;
}

export interface PciDeviceClass {
  desc?: string | undefined;
  class: Int64;
}

export interface PciDeviceId {
  device: Int64;
  vendor: Int64;
  subsystem?: Int64 | undefined;
  'subsystem-vendor'?: Int64 | undefined;
}

export interface PciDeviceInfo {
  bus: Int64;
  slot: Int64;
  function: Int64;
  class_info: PciDeviceClass;
  id: PciDeviceId;
  irq?: Int64 | undefined;
  irq_pin: Int64;
  qdev_id: string;
  pci_bridge?: PciBridgeInfo | undefined;
  regions: readonly PciMemoryRegion[];
}

export interface PciInfo {
  bus: Int64;
  devices: readonly PciDeviceInfo[];
}

export interface PciMemoryRange {
  base: Int64;
  limit: Int64;
}

export interface PciMemoryRegion {
  bar: Int64;
  type: string;
  address: Int64;
  size: Int64;
  prefetch?: boolean | undefined;
  mem_type_64?: boolean | undefined;
}

export interface PmemsaveArguments {
  val: Int64;
  size: Int64;
  filename: string;
}

export interface PrManagerHelperProperties {
  path: string;
}

export interface PrManagerStatusChangedData {
  id: string;
  connected: boolean;
}

export type PreallocMode = 'off' | 'metadata' | 'falloc' | 'full';

export type QAuthZListFormat = 'exact' | 'glob';

export type QAuthZListPolicy = 'deny' | 'allow';

export interface QAuthZListRule {
  match: string;
  policy: QAuthZListPolicy;
  format?: QAuthZListFormat | undefined;
}

export type QCryptoBlockAmendOptions =
  | QCryptoBlockAmendOptions_luks
  | QCryptoBlockAmendOptions_qcow;

export interface QCryptoBlockAmendOptionsLUKS {
  state: QCryptoBlockLUKSKeyslotState;
  'new-secret'?: string | undefined;
  'old-secret'?: string | undefined;
  keyslot?: Int64 | undefined;
  'iter-time'?: Int64 | undefined;
  secret?: string | undefined;
}

export interface QCryptoBlockAmendOptions_luks extends QCryptoBlockAmendOptionsLUKS {
  format: 'luks';
}

export interface QCryptoBlockAmendOptions_qcow {
  format: 'qcow';
}

export type QCryptoBlockCreateOptions =
  | QCryptoBlockCreateOptions_qcow
  | QCryptoBlockCreateOptions_luks;

export interface QCryptoBlockCreateOptionsLUKS {
  'key-secret'?: string | undefined;
  'cipher-alg'?: QCryptoCipherAlgorithm | undefined;
  'cipher-mode'?: QCryptoCipherMode | undefined;
  'ivgen-alg'?: QCryptoIVGenAlgorithm | undefined;
  'ivgen-hash-alg'?: QCryptoHashAlgorithm | undefined;
  'hash-alg'?: QCryptoHashAlgorithm | undefined;
  'iter-time'?: Int64 | undefined;
}

export interface QCryptoBlockCreateOptions_luks extends QCryptoBlockCreateOptionsLUKS {
  format: 'luks';
}

export interface QCryptoBlockCreateOptions_qcow extends QCryptoBlockOptionsQCow {
  format: 'qcow';
}

export type QCryptoBlockFormat = 'qcow' | 'luks';

export interface QCryptoBlockInfoLUKS {
  'cipher-alg': QCryptoCipherAlgorithm;
  'cipher-mode': QCryptoCipherMode;
  'ivgen-alg': QCryptoIVGenAlgorithm;
  'ivgen-hash-alg'?: QCryptoHashAlgorithm | undefined;
  'hash-alg': QCryptoHashAlgorithm;
  'payload-offset': Int64;
  'master-key-iters': Int64;
  uuid: string;
  slots: readonly QCryptoBlockInfoLUKSSlot[];
}

export interface QCryptoBlockInfoLUKSSlot {
  active: boolean;
  iters?: Int64 | undefined;
  stripes?: Int64 | undefined;
  'key-offset': Int64;
}

export type QCryptoBlockLUKSKeyslotState = 'active' | 'inactive';

export interface QCryptoBlockOptionsLUKS {
  'key-secret'?: string | undefined;
}

export interface QCryptoBlockOptionsQCow {
  'key-secret'?: string | undefined;
}

export type QCryptoCipherAlgorithm =
  | 'aes-128'
  | 'aes-192'
  | 'aes-256'
  | 'des'
  | '3des'
  | 'cast5-128'
  | 'serpent-128'
  | 'serpent-192'
  | 'serpent-256'
  | 'twofish-128'
  | 'twofish-192'
  | 'twofish-256';

export type QCryptoCipherMode = 'ecb' | 'cbc' | 'xts' | 'ctr';

export type QCryptoHashAlgorithm =
  | 'md5'
  | 'sha1'
  | 'sha224'
  | 'sha256'
  | 'sha384'
  | 'sha512'
  | 'ripemd160';

export type QCryptoIVGenAlgorithm = 'plain' | 'plain64' | 'essiv';

export type QCryptoSecretFormat = 'raw' | 'base64';

export type QCryptoTLSCredsEndpoint = 'client' | 'server';

export type QKeyCode =
  | 'unmapped'
  | 'shift'
  | 'shift_r'
  | 'alt'
  | 'alt_r'
  | 'ctrl'
  | 'ctrl_r'
  | 'menu'
  | 'esc'
  | '1'
  | '2'
  | '3'
  | '4'
  | '5'
  | '6'
  | '7'
  | '8'
  | '9'
  | '0'
  | 'minus'
  | 'equal'
  | 'backspace'
  | 'tab'
  | 'q'
  | 'w'
  | 'e'
  | 'r'
  | 't'
  | 'y'
  | 'u'
  | 'i'
  | 'o'
  | 'p'
  | 'bracket_left'
  | 'bracket_right'
  | 'ret'
  | 'a'
  | 's'
  | 'd'
  | 'f'
  | 'g'
  | 'h'
  | 'j'
  | 'k'
  | 'l'
  | 'semicolon'
  | 'apostrophe'
  | 'grave_accent'
  | 'backslash'
  | 'z'
  | 'x'
  | 'c'
  | 'v'
  | 'b'
  | 'n'
  | 'm'
  | 'comma'
  | 'dot'
  | 'slash'
  | 'asterisk'
  | 'spc'
  | 'caps_lock'
  | 'f1'
  | 'f2'
  | 'f3'
  | 'f4'
  | 'f5'
  | 'f6'
  | 'f7'
  | 'f8'
  | 'f9'
  | 'f10'
  | 'num_lock'
  | 'scroll_lock'
  | 'kp_divide'
  | 'kp_multiply'
  | 'kp_subtract'
  | 'kp_add'
  | 'kp_enter'
  | 'kp_decimal'
  | 'sysrq'
  | 'kp_0'
  | 'kp_1'
  | 'kp_2'
  | 'kp_3'
  | 'kp_4'
  | 'kp_5'
  | 'kp_6'
  | 'kp_7'
  | 'kp_8'
  | 'kp_9'
  | 'less'
  | 'f11'
  | 'f12'
  | 'print'
  | 'home'
  | 'pgup'
  | 'pgdn'
  | 'end'
  | 'left'
  | 'up'
  | 'down'
  | 'right'
  | 'insert'
  | 'delete'
  | 'stop'
  | 'again'
  | 'props'
  | 'undo'
  | 'front'
  | 'copy'
  | 'open'
  | 'paste'
  | 'find'
  | 'cut'
  | 'lf'
  | 'help'
  | 'meta_l'
  | 'meta_r'
  | 'compose'
  | 'pause'
  | 'ro'
  | 'hiragana'
  | 'henkan'
  | 'yen'
  | 'muhenkan'
  | 'katakanahiragana'
  | 'kp_comma'
  | 'kp_equals'
  | 'power'
  | 'sleep'
  | 'wake'
  | 'audionext'
  | 'audioprev'
  | 'audiostop'
  | 'audioplay'
  | 'audiomute'
  | 'volumeup'
  | 'volumedown'
  | 'mediaselect'
  | 'mail'
  | 'calculator'
  | 'computer'
  | 'ac_home'
  | 'ac_back'
  | 'ac_forward'
  | 'ac_refresh'
  | 'ac_bookmarks'
  | 'lang1'
  | 'lang2';

export interface QKeyCodeWrapper {
  data: QKeyCode;
}

export type QMPCapability = 'oob';

export interface Qcow2BitmapInfo {
  name: string;
  granularity: number;
  flags: readonly Qcow2BitmapInfoFlags[];
}

export type Qcow2BitmapInfoFlags = 'in-use' | 'auto';

export type Qcow2CompressionType = 'zlib' | 'zstd';

export interface Qcow2OverlapCheckFlags {
  template?: Qcow2OverlapCheckMode | undefined;
  'main-header'?: boolean | undefined;
  'active-l1'?: boolean | undefined;
  'active-l2'?: boolean | undefined;
  'refcount-table'?: boolean | undefined;
  'refcount-block'?: boolean | undefined;
  'snapshot-table'?: boolean | undefined;
  'inactive-l1'?: boolean | undefined;
  'inactive-l2'?: boolean | undefined;
  'bitmap-directory'?: boolean | undefined;
}

export type Qcow2OverlapCheckMode = 'none' | 'constant' | 'cached' | 'all';

export type Qcow2OverlapChecks = Qcow2OverlapCheckFlags | Qcow2OverlapCheckMode;

export interface QmpCapabilitiesArguments {
  enable?: readonly QMPCapability[] | undefined;
}

export interface QomGetArguments {
  path: string;
  property: string;
}

export interface QomListArguments {
  path: string;
}

export interface QomListPropertiesArguments {
  typename: string;
}

export interface QomListTypesArguments {
  implements?: string | undefined;
  abstract?: boolean | undefined;
}

export interface QomSetArguments {
  path: string;
  property: string;
  value: JsonValue;
}

export interface QtestProperties {
  chardev: string;
  log?: string | undefined;
}

export interface QueryBlockstatsArguments {
  'query-nodes'?: boolean | undefined;
}

export interface QueryCommandLineOptionsArguments {
  option?: string | undefined;
}

export interface QueryCpuModelExpansionArguments {
  type: CpuModelExpansionType;
  model: CpuModelInfo;
}

export interface QueryNamedBlockNodesArguments {
  flat?: boolean | undefined;
}

export interface QueryRockerArguments {
  name: string;
}

export interface QueryRockerOfDpaFlowsArguments {
  name: string;
  'tbl-id'?: number | undefined;
}

export interface QueryRockerOfDpaGroupsArguments {
  name: string;
  type?: number | undefined;
}

export interface QueryRockerPortsArguments {
  name: string;
}

export interface QueryRxFilterArguments {
  name?: string | undefined;
}

export interface QuerySevAttestationReportArguments {
  mnonce: string;
}

export interface QueryStatsSchemasArguments {
  provider?: StatsProvider | undefined;
}

export interface QuorumFailureData {
  reference: string;
  'sector-num': Int64;
  'sectors-count': Int64;
}

export type QuorumOpType = 'read' | 'write' | 'flush';

export type QuorumReadPattern = 'quorum' | 'fifo';

export interface QuorumReportBadData {
  type: QuorumOpType;
  error?: string | undefined;
  'node-name': string;
  'sector-num': Int64;
  'sectors-count': Int64;
}

export type RbdAuthMode = 'cephx' | 'none';

export type RbdEncryptionCreateOptions =
  | RbdEncryptionCreateOptions_luks
  | RbdEncryptionCreateOptions_luks2;

export interface RbdEncryptionCreateOptionsLUKS {
  'key-secret': string;
  'cipher-alg'?: QCryptoCipherAlgorithm | undefined;
}

export interface RbdEncryptionCreateOptionsLUKS2 {
  'key-secret': string;
  'cipher-alg'?: QCryptoCipherAlgorithm | undefined;
}

export interface RbdEncryptionCreateOptions_luks extends RbdEncryptionCreateOptionsLUKS {
  format: 'luks';
}

export interface RbdEncryptionCreateOptions_luks2 extends RbdEncryptionCreateOptionsLUKS2 {
  format: 'luks2';
}

export type RbdEncryptionOptions = RbdEncryptionOptions_luks | RbdEncryptionOptions_luks2;

export interface RbdEncryptionOptionsLUKS {
  'key-secret': string;
}

export interface RbdEncryptionOptionsLUKS2 {
  'key-secret': string;
}

export interface RbdEncryptionOptions_luks extends RbdEncryptionOptionsLUKS {
  format: 'luks';
}

export interface RbdEncryptionOptions_luks2 extends RbdEncryptionOptionsLUKS2 {
  format: 'luks2';
}

export type RbdImageEncryptionFormat = 'luks' | 'luks2';

export interface RdmaGidStatusChangedData {
  netdev: string;
  'gid-status': boolean;
  'subnet-prefix': Int64;
  'interface-id': Int64;
}

export type RebootAction = 'reset' | 'shutdown';

export interface RemoteObjectProperties {
  fd: string;
  devid: string;
}

export interface RemoveFdArguments {
  'fdset-id': Int64;
  fd?: Int64 | undefined;
}

export interface ReplayBreakArguments {
  icount: Int64;
}

export interface ReplayInfo {
  mode: ReplayMode;
  filename?: string | undefined;
  icount: Int64;
}

export type ReplayMode = 'none' | 'record' | 'play';

export interface ReplaySeekArguments {
  icount: Int64;
}

export type ReplicationMode = 'primary' | 'secondary';

export interface ReplicationStatus {
  error: boolean;
  desc?: string | undefined;
}

export interface ResetData {
  guest: boolean;
  reason: ShutdownCause;
}

export interface RingbufReadArguments {
  device: string;
  size: Int64;
  format?: DataFormat | undefined;
}

export interface RingbufWriteArguments {
  device: string;
  data: string;
  format?: DataFormat | undefined;
}

export interface RngEgdProperties {
  /** @deprecated */
  opened?: boolean | undefined;
  chardev: string;
}

export interface RngProperties {
  /** @deprecated */
  opened?: boolean | undefined;
}

export interface RngRandomProperties {
  /** @deprecated */
  opened?: boolean | undefined;
  filename?: string | undefined;
}

export interface RockerOfDpaFlow {
  cookie: Int64;
  hits: Int64;
  key: RockerOfDpaFlowKey;
  mask: RockerOfDpaFlowMask;
  action: RockerOfDpaFlowAction;
}

export interface RockerOfDpaFlowAction {
  'goto-tbl'?: number | undefined;
  'group-id'?: number | undefined;
  'tunnel-lport'?: number | undefined;
  'vlan-id'?: number | undefined;
  'new-vlan-id'?: number | undefined;
  'out-pport'?: number | undefined;
}

export interface RockerOfDpaFlowKey {
  priority: number;
  'tbl-id': number;
  'in-pport'?: number | undefined;
  'tunnel-id'?: number | undefined;
  'vlan-id'?: number | undefined;
  'eth-type'?: number | undefined;
  'eth-src'?: string | undefined;
  'eth-dst'?: string | undefined;
  'ip-proto'?: number | undefined;
  'ip-tos'?: number | undefined;
  'ip-dst'?: string | undefined;
}

export interface RockerOfDpaFlowMask {
  'in-pport'?: number | undefined;
  'tunnel-id'?: number | undefined;
  'vlan-id'?: number | undefined;
  'eth-src'?: string | undefined;
  'eth-dst'?: string | undefined;
  'ip-proto'?: number | undefined;
  'ip-tos'?: number | undefined;
}

export interface RockerOfDpaGroup {
  id: number;
  type: number;
  'vlan-id'?: number | undefined;
  pport?: number | undefined;
  index?: number | undefined;
  'out-pport'?: number | undefined;
  'group-id'?: number | undefined;
  'set-vlan-id'?: number | undefined;
  'pop-vlan'?: number | undefined;
  'group-ids'?: readonly number[] | undefined;
  'set-eth-src'?: string | undefined;
  'set-eth-dst'?: string | undefined;
  'ttl-check'?: number | undefined;
}

export interface RockerPort {
  name: string;
  enabled: boolean;
  'link-up': boolean;
  speed: number;
  duplex: RockerPortDuplex;
  autoneg: RockerPortAutoneg;
}

export type RockerPortAutoneg = 'off' | 'on';

export type RockerPortDuplex = 'half' | 'full';

export interface RockerSwitch {
  name: string;
  id: Int64;
  ports: number;
}

export interface RtcChangeData {
  offset: Int64;
  'qom-path': string;
}

export type RunState =
  | 'debug'
  | 'inmigrate'
  | 'internal-error'
  | 'io-error'
  | 'paused'
  | 'postmigrate'
  | 'prelaunch'
  | 'finish-migrate'
  | 'restore-vm'
  | 'running'
  | 'save-vm'
  | 'shutdown'
  | 'suspended'
  | 'watchdog'
  | 'guest-panicked'
  | 'colo';

export interface RxFilterInfo {
  name: string;
  promiscuous: boolean;
  multicast: RxState;
  unicast: RxState;
  vlan: RxState;
  'broadcast-allowed': boolean;
  'multicast-overflow': boolean;
  'unicast-overflow': boolean;
  'main-mac': string;
  'vlan-table': readonly Int64[];
  'unicast-table': readonly string[];
  'multicast-table': readonly string[];
}

export type RxState = 'normal' | 'none' | 'all';

export type S390CrashReason =
  | 'unknown'
  | 'disabled-wait'
  | 'extint-loop'
  | 'pgmint-loop'
  | 'opint-loop';

export interface SGXEPCSection {
  node: Int64;
  size: Int64;
}

export interface SGXInfo {
  sgx: boolean;
  sgx1: boolean;
  sgx2: boolean;
  flc: boolean;
  /** @deprecated */
  'section-size': Int64;
  sections: readonly SGXEPCSection[];
}

export type SchemaInfo =
  | SchemaInfo_builtin
  | SchemaInfo_enum
  | SchemaInfo_array
  | SchemaInfo_object
  | SchemaInfo_alternate
  | SchemaInfo_command
  | SchemaInfo_event;

export interface SchemaInfoAlternate {
  members: readonly SchemaInfoAlternateMember[];
}

export interface SchemaInfoAlternateMember {
  type: string;
}

export interface SchemaInfoArray {
  'element-type': string;
}

export interface SchemaInfoBuiltin {
  'json-type': JSONType;
}

export interface SchemaInfoCommand {
  'arg-type': string;
  'ret-type': string;
  'allow-oob'?: boolean | undefined;
}

export interface SchemaInfoEnum {
  members: readonly SchemaInfoEnumMember[];
  /** @deprecated */
  values: readonly string[];
}

export interface SchemaInfoEnumMember {
  name: string;
  features?: readonly string[] | undefined;
}

export interface SchemaInfoEvent {
  'arg-type': string;
}

export interface SchemaInfoObject {
  members: readonly SchemaInfoObjectMember[];
  tag?: string | undefined;
  variants?: readonly SchemaInfoObjectVariant[] | undefined;
}

export interface SchemaInfoObjectMember {
  name: string;
  type: string;
  default?: JsonValue | undefined;
  features?: readonly string[] | undefined;
}

export interface SchemaInfoObjectVariant {
  case: string;
  type: string;
}

export interface SchemaInfo_alternate extends SchemaInfo_base, SchemaInfoAlternate {
  'meta-type': 'alternate';
}

export interface SchemaInfo_array extends SchemaInfo_base, SchemaInfoArray {
  'meta-type': 'array';
}

/** What all kinds of `SchemaInfo` have. */
export interface SchemaInfo_base {
  name: string;
  features?: readonly string[] | undefined;
}

export interface SchemaInfo_builtin extends SchemaInfo_base, SchemaInfoBuiltin {
  'meta-type': 'builtin';
}

export interface SchemaInfo_command extends SchemaInfo_base, SchemaInfoCommand {
  'meta-type': 'command';
}

export interface SchemaInfo_enum extends SchemaInfo_base, SchemaInfoEnum {
  'meta-type': 'enum';
}

export interface SchemaInfo_event extends SchemaInfo_base, SchemaInfoEvent {
  'meta-type': 'event';
}

export interface SchemaInfo_object extends SchemaInfo_base, SchemaInfoObject {
  'meta-type': 'object';
}

export type SchemaMetaType =
  | 'builtin'
  | 'enum'
  | 'array'
  | 'object'
  | 'alternate'
  | 'command'
  | 'event';

export interface ScreendumpArguments {
  filename: string;
  device?: string | undefined;
  head?: Int64 | undefined;
  format?: ImageFormat | undefined;
}

export interface SecretKeyringProperties {
  /** @deprecated */
  loaded?: boolean | undefined;
  format?: QCryptoSecretFormat | undefined;
  keyid?: string | undefined;
  iv?: string | undefined;
  serial: number;
}

export interface SecretProperties {
  /** @deprecated */
  loaded?: boolean | undefined;
  format?: QCryptoSecretFormat | undefined;
  keyid?: string | undefined;
  iv?: string | undefined;
  data?: string | undefined;
  file?: string | undefined;
}

export interface SendKeyArguments {
  keys: readonly KeyValue[];
  'hold-time'?: Int64 | undefined;
}

export interface SetActionArguments {
  reboot?: RebootAction | undefined;
  shutdown?: ShutdownAction | undefined;
  panic?: PanicAction | undefined;
  watchdog?: WatchdogAction | undefined;
}

export interface SetLinkArguments {
  name: string;
  up: boolean;
}

export type SetPasswordAction = 'keep' | 'fail' | 'disconnect';

export type SetPasswordOptions = SetPasswordOptions_vnc | SetPasswordOptions_spice;

export interface SetPasswordOptionsVnc {
  display?: string | undefined;
}

/** What all kinds of `SetPasswordOptions` have. */
export interface SetPasswordOptions_base {
  password: string;
  connected?: SetPasswordAction | undefined;
}

export interface SetPasswordOptions_spice extends SetPasswordOptions_base {
  protocol: 'spice';
}

export interface SetPasswordOptions_vnc extends SetPasswordOptions_base, SetPasswordOptionsVnc {
  protocol: 'vnc';
}

export interface SetVcpuDirtyLimitArguments {
  'cpu-index'?: Int64 | undefined;
  'dirty-rate': Int64;
}

export interface SevAttestationReport {
  data: string;
}

export interface SevCapability {
  pdh: string;
  'cert-chain': string;
  'cpu0-id': string;
  cbitpos: Int64;
  'reduced-phys-bits': Int64;
}

export interface SevGuestProperties {
  'sev-device'?: string | undefined;
  'dh-cert-file'?: string | undefined;
  'session-file'?: string | undefined;
  policy?: number | undefined;
  handle?: number | undefined;
  cbitpos?: number | undefined;
  'reduced-phys-bits': number;
  'kernel-hashes'?: boolean | undefined;
}

export interface SevInfo {
  enabled: boolean;
  'api-major': number;
  'api-minor': number;
  'build-id': number;
  policy: number;
  state: SevState;
  handle: number;
}

export interface SevInjectLaunchSecretArguments {
  'packet-header': string;
  secret: string;
  gpa?: Int64 | undefined;
}

export interface SevLaunchMeasureInfo {
  data: string;
}

export type SevState =
  | 'uninit'
  | 'launch-update'
  | 'launch-secret'
  | 'running'
  | 'send-update'
  | 'receive-update';

export interface SgxEPCDeviceInfo {
  id?: string | undefined;
  memaddr: Int64;
  size: Int64;
  node: Int64;
  memdev: string;
}

export interface SgxEPCDeviceInfoWrapper {
  data: SgxEPCDeviceInfo;
}

export type ShutdownAction = 'poweroff' | 'pause';

export type ShutdownCause =
  | 'none'
  | 'host-error'
  | 'host-qmp-quit'
  | 'host-qmp-system-reset'
  | 'host-signal'
  | 'host-ui'
  | 'guest-shutdown'
  | 'guest-reset'
  | 'guest-panic'
  | 'subsystem-reset'
  | 'snapshot-load';

export interface ShutdownData {
  guest: boolean;
  reason: ShutdownCause;
}

export interface SnapshotDeleteArguments {
  'job-id': string;
  tag: string;
  devices: readonly string[];
}

export interface SnapshotInfo {
  id: string;
  name: string;
  'vm-state-size': Int64;
  'date-sec': Int64;
  'date-nsec': Int64;
  'vm-clock-sec': Int64;
  'vm-clock-nsec': Int64;
  icount?: Int64 | undefined;
}

export interface SnapshotLoadArguments {
  'job-id': string;
  tag: string;
  vmstate: string;
  devices: readonly string[];
}

export interface SnapshotSaveArguments {
  'job-id': string;
  tag: string;
  vmstate: string;
  devices: readonly string[];
}

export type SocketAddress =
  | SocketAddress_inet
  | SocketAddress_unix
  | SocketAddress_vsock
  | SocketAddress_fd;

export type SocketAddressLegacy =
  | SocketAddressLegacy_inet
  | SocketAddressLegacy_unix
  | SocketAddressLegacy_vsock
  | SocketAddressLegacy_fd;

export interface SocketAddressLegacy_fd extends StringWrapper {
  type: 'fd';
}

export interface SocketAddressLegacy_inet extends InetSocketAddressWrapper {
  type: 'inet';
}

export interface SocketAddressLegacy_unix extends UnixSocketAddressWrapper {
  type: 'unix';
}

export interface SocketAddressLegacy_vsock extends VsockSocketAddressWrapper {
  type: 'vsock';
}

export type SocketAddressType = 'inet' | 'unix' | 'vsock' | 'fd';

export interface SocketAddress_fd extends String {
  type: 'fd';
}

export interface SocketAddress_inet extends InetSocketAddress {
  type: 'inet';
}

export interface SocketAddress_unix extends UnixSocketAddress {
  type: 'unix';
}

export interface SocketAddress_vsock extends VsockSocketAddress {
  type: 'vsock';
}

export interface SpiceBasicInfo {
  host: string;
  port: string;
  family: NetworkAddressFamily;
}

export interface SpiceChannel {
  host: string;
  port: string;
  family: NetworkAddressFamily;
  'connection-id': Int64;
  'channel-type': Int64;
  'channel-id': Int64;
  tls: boolean;
}

export interface SpiceConnectedData {
  server: SpiceBasicInfo;
  client: SpiceBasicInfo;
}

export interface SpiceDisconnectedData {
  server: SpiceBasicInfo;
  client: SpiceBasicInfo;
}

export interface SpiceInfo {
  enabled: boolean;
  migrated: boolean;
  host?: string | undefined;
  port?: Int64 | undefined;
  'tls-port'?: Int64 | undefined;
  auth?: string | undefined;
  'compiled-version'?: string | undefined;
  'mouse-mode': SpiceQueryMouseMode;
  channels?: readonly SpiceChannel[] | undefined;
}

export interface SpiceInitializedData {
  server: SpiceServerInfo;
  client: SpiceChannel;
}

export type SpiceQueryMouseMode = 'client' | 'server' | 'unknown';

export interface SpiceServerInfo {
  host: string;
  port: string;
  family: NetworkAddressFamily;
  auth?: string | undefined;
}

export type SshHostKeyCheck =
  | SshHostKeyCheck_hash
  | SshHostKeyCheck_none
  | SshHostKeyCheck_known_hosts;

export type SshHostKeyCheckHashType = 'md5' | 'sha1' | 'sha256';

export type SshHostKeyCheckMode = 'none' | 'hash' | 'known_hosts';

export interface SshHostKeyCheck_hash extends SshHostKeyHash {
  mode: 'hash';
}

export interface SshHostKeyCheck_known_hosts {
  mode: 'known_hosts';
}

export interface SshHostKeyCheck_none {
  mode: 'none';
}

export interface SshHostKeyHash {
  type: SshHostKeyCheckHashType;
  hash: string;
}

export interface Stats {
  name: string;
  value: StatsValue;
}

export type StatsFilter = StatsFilter_vcpu | StatsFilter_vm;

/** What all kinds of `StatsFilter` have. */
export interface StatsFilter_base {
  providers?: readonly StatsRequest[] | undefined;
}

export interface StatsFilter_vcpu extends StatsFilter_base, StatsVCPUFilter {
  target: 'vcpu';
}

export interface StatsFilter_vm extends StatsFilter_base {
  target: 'vm';
}

export type StatsProvider = 'kvm';

export interface StatsRequest {
  provider: StatsProvider;
  names?: readonly string[] | undefined;
}

export interface StatsResult {
  provider: StatsProvider;
  'qom-path'?: string | undefined;
  stats: readonly Stats[];
}

export interface StatsSchema {
  provider: StatsProvider;
  target: StatsTarget;
  stats: readonly StatsSchemaValue[];
}

export interface StatsSchemaValue {
  name: string;
  type: StatsType;
  unit?: StatsUnit | undefined;
  base?: number | undefined;
  exponent: number;
  'bucket-size'?: number | undefined;
}

export type StatsTarget = 'vm' | 'vcpu';

export type StatsType = 'cumulative' | 'instant' | 'peak' | 'linear-histogram' | 'log2-histogram';

export type StatsUnit = 'bytes' | 'seconds' | 'cycles' | 'boolean';

export interface StatsVCPUFilter {
  vcpus?: readonly string[] | undefined;
}

export type StatsValue = Int64 | boolean | readonly Int64[];

export interface StatusInfo {
  running: boolean;
  singlestep: boolean;
  status: RunState;
}

export type StrOrNull = string | null;

export interface String {
  str: string;
}

export interface StringWrapper {
  data: String;
}

export type SysEmuTarget =
  | 'aarch64'
  | 'alpha'
  | 'arm'
  | 'avr'
  | 'cris'
  | 'hppa'
  | 'i386'
  | 'loongarch64'
  | 'm68k'
  | 'microblaze'
  | 'microblazeel'
  | 'mips'
  | 'mips64'
  | 'mips64el'
  | 'mipsel'
  | 'nios2'
  | 'or1k'
  | 'ppc'
  | 'ppc64'
  | 'riscv32'
  | 'riscv64'
  | 'rx'
  | 's390x'
  | 'sh4'
  | 'sh4eb'
  | 'sparc'
  | 'sparc64'
  | 'tricore'
  | 'x86_64'
  | 'xtensa'
  | 'xtensaeb';

export interface TPMEmulatorOptions {
  chardev: string;
}

export interface TPMEmulatorOptionsWrapper {
  data: TPMEmulatorOptions;
}

export interface TPMInfo {
  id: string;
  model: TpmModel;
  options: TpmTypeOptions;
}

export interface TPMPassthroughOptions {
  path?: string | undefined;
  'cancel-path'?: string | undefined;
}

export interface TPMPassthroughOptionsWrapper {
  data: TPMPassthroughOptions;
}

export interface TargetInfo {
  arch: SysEmuTarget;
}

export interface ThreadContextProperties {
  'cpu-affinity'?: readonly number[] | undefined;
  'node-affinity'?: readonly number[] | undefined;
}

export interface ThrottleGroupProperties {
  limits?: ThrottleLimits | undefined;
  /** @experimental */
  'x-iops-total'?: Int64 | undefined;
  /** @experimental */
  'x-iops-total-max'?: Int64 | undefined;
  /** @experimental */
  'x-iops-total-max-length'?: Int64 | undefined;
  /** @experimental */
  'x-iops-read'?: Int64 | undefined;
  /** @experimental */
  'x-iops-read-max'?: Int64 | undefined;
  /** @experimental */
  'x-iops-read-max-length'?: Int64 | undefined;
  /** @experimental */
  'x-iops-write'?: Int64 | undefined;
  /** @experimental */
  'x-iops-write-max'?: Int64 | undefined;
  /** @experimental */
  'x-iops-write-max-length'?: Int64 | undefined;
  /** @experimental */
  'x-bps-total'?: Int64 | undefined;
  /** @experimental */
  'x-bps-total-max'?: Int64 | undefined;
  /** @experimental */
  'x-bps-total-max-length'?: Int64 | undefined;
  /** @experimental */
  'x-bps-read'?: Int64 | undefined;
  /** @experimental */
  'x-bps-read-max'?: Int64 | undefined;
  /** @experimental */
  'x-bps-read-max-length'?: Int64 | undefined;
  /** @experimental */
  'x-bps-write'?: Int64 | undefined;
  /** @experimental */
  'x-bps-write-max'?: Int64 | undefined;
  /** @experimental */
  'x-bps-write-max-length'?: Int64 | undefined;
  /** @experimental */
  'x-iops-size'?: Int64 | undefined;
}

export interface ThrottleLimits {
  'iops-total'?: Int64 | undefined;
  'iops-total-max'?: Int64 | undefined;
  'iops-total-max-length'?: Int64 | undefined;
  'iops-read'?: Int64 | undefined;
  'iops-read-max'?: Int64 | undefined;
  'iops-read-max-length'?: Int64 | undefined;
  'iops-write'?: Int64 | undefined;
  'iops-write-max'?: Int64 | undefined;
  'iops-write-max-length'?: Int64 | undefined;
  'bps-total'?: Int64 | undefined;
  'bps-total-max'?: Int64 | undefined;
  'bps-total-max-length'?: Int64 | undefined;
  'bps-read'?: Int64 | undefined;
  'bps-read-max'?: Int64 | undefined;
  'bps-read-max-length'?: Int64 | undefined;
  'bps-write'?: Int64 | undefined;
  'bps-write-max'?: Int64 | undefined;
  'bps-write-max-length'?: Int64 | undefined;
  'iops-size'?: Int64 | undefined;
}

export interface TlsCredsAnonProperties {
  'verify-peer'?: boolean | undefined;
  dir?: string | undefined;
  endpoint?: QCryptoTLSCredsEndpoint | undefined;
  priority?: string | undefined;
  /** @deprecated */
  loaded?: boolean | undefined;
}

export interface TlsCredsProperties {
  'verify-peer'?: boolean | undefined;
  dir?: string | undefined;
  endpoint?: QCryptoTLSCredsEndpoint | undefined;
  priority?: string | undefined;
}

export interface TlsCredsPskProperties {
  'verify-peer'?: boolean | undefined;
  dir?: string | undefined;
  endpoint?: QCryptoTLSCredsEndpoint | undefined;
  priority?: string | undefined;
  /** @deprecated */
  loaded?: boolean | undefined;
  username?: string | undefined;
}

export interface TlsCredsX509Properties {
  'verify-peer'?: boolean | undefined;
  dir?: string | undefined;
  endpoint?: QCryptoTLSCredsEndpoint | undefined;
  priority?: string | undefined;
  /** @deprecated */
  loaded?: boolean | undefined;
  'sanity-check'?: boolean | undefined;
  passwordid?: string | undefined;
}

export type TpmModel = 'tpm-tis' | 'tpm-crb' | 'tpm-spapr';

export type TpmType = 'passthrough' | 'emulator';

export type TpmTypeOptions = TpmTypeOptions_passthrough | TpmTypeOptions_emulator;

export interface TpmTypeOptions_emulator extends TPMEmulatorOptionsWrapper {
  type: 'emulator';
}

export interface TpmTypeOptions_passthrough extends TPMPassthroughOptionsWrapper {
  type: 'passthrough';
}

export interface TraceEventGetStateArguments {
  name: string;
  vcpu?: Int64 | undefined;
}

export interface TraceEventInfo {
  name: string;
  state: TraceEventState;
  vcpu: boolean;
}

export interface TraceEventSetStateArguments {
  name: string;
  enable: boolean;
  'ignore-unavailable'?: boolean | undefined;
  vcpu?: Int64 | undefined;
}

export type TraceEventState = 'unavailable' | 'disabled' | 'enabled';

export type TransactionAction =
  | TransactionAction_abort
  | TransactionAction_block_dirty_bitmap_add
  | TransactionAction_block_dirty_bitmap_remove
  | TransactionAction_block_dirty_bitmap_clear
  | TransactionAction_block_dirty_bitmap_enable
  | TransactionAction_block_dirty_bitmap_disable
  | TransactionAction_block_dirty_bitmap_merge
  | TransactionAction_blockdev_backup
  | TransactionAction_blockdev_snapshot
  | TransactionAction_blockdev_snapshot_internal_sync
  | TransactionAction_blockdev_snapshot_sync
  | TransactionAction_drive_backup;

export type TransactionActionKind =
  | 'abort'
  | 'block-dirty-bitmap-add'
  | 'block-dirty-bitmap-remove'
  | 'block-dirty-bitmap-clear'
  | 'block-dirty-bitmap-enable'
  | 'block-dirty-bitmap-disable'
  | 'block-dirty-bitmap-merge'
  | 'blockdev-backup'
  | 'blockdev-snapshot'
  | 'blockdev-snapshot-internal-sync'
  | 'blockdev-snapshot-sync'
  | 'drive-backup';

export interface TransactionAction_abort extends AbortWrapper {
  type: 'abort';
}

export interface TransactionAction_block_dirty_bitmap_add extends BlockDirtyBitmapAddWrapper {
  type: 'block-dirty-bitmap-add';
}

export interface TransactionAction_block_dirty_bitmap_clear extends BlockDirtyBitmapWrapper {
  type: 'block-dirty-bitmap-clear';
}

export interface TransactionAction_block_dirty_bitmap_disable extends BlockDirtyBitmapWrapper {
  type: 'block-dirty-bitmap-disable';
}

export interface TransactionAction_block_dirty_bitmap_enable extends BlockDirtyBitmapWrapper {
  type: 'block-dirty-bitmap-enable';
}

export interface TransactionAction_block_dirty_bitmap_merge extends BlockDirtyBitmapMergeWrapper {
  type: 'block-dirty-bitmap-merge';
}

export interface TransactionAction_block_dirty_bitmap_remove extends BlockDirtyBitmapWrapper {
  type: 'block-dirty-bitmap-remove';
}

export interface TransactionAction_blockdev_backup extends BlockdevBackupWrapper {
  type: 'blockdev-backup';
}

export interface TransactionAction_blockdev_snapshot extends BlockdevSnapshotWrapper {
  type: 'blockdev-snapshot';
}

export interface TransactionAction_blockdev_snapshot_internal_sync extends BlockdevSnapshotInternalWrapper {
  type: 'blockdev-snapshot-internal-sync';
}

export interface TransactionAction_blockdev_snapshot_sync extends BlockdevSnapshotSyncWrapper {
  type: 'blockdev-snapshot-sync';
}

export interface TransactionAction_drive_backup extends DriveBackupWrapper {
  type: 'drive-backup';
}

export interface TransactionArguments {
  actions: readonly TransactionAction[];
  properties?: TransactionProperties | undefined;
}

export interface TransactionProperties {
  'completion-mode'?: ActionCompletionMode | undefined;
}

export interface UnixSocketAddress {
  path: string;
  abstract?: boolean | undefined;
  tight?: boolean | undefined;
}

export interface UnixSocketAddressWrapper {
  data: UnixSocketAddress;
}

export interface UnplugPrimaryData {
  'device-id': string;
}

export interface UuidInfo {
  UUID: string;
}

export interface VersionInfo {
  qemu: VersionTriple;
  package: string;
}

export interface VersionTriple {
  major: Int64;
  minor: Int64;
  micro: Int64;
}

export interface VfioStats {
  transferred: Int64;
}

export interface VfioUserServerProperties {
  socket: SocketAddress;
  device: string;
}

export interface VfuClientHangupData {
  'vfu-id': string;
  'vfu-qom-path': string;
  'dev-id': string;
  'dev-qom-path': string;
}

export interface VhostDeviceProtocols {
  protocols: readonly string[];
  'unknown-protocols'?: Int64 | undefined;
}

export interface VhostStatus {
  'n-mem-sections': Int64;
  'n-tmp-sections': Int64;
  nvqs: number;
  'vq-index': Int64;
  features: VirtioDeviceFeatures;
  'acked-features': VirtioDeviceFeatures;
  'backend-features': VirtioDeviceFeatures;
  'protocol-features': VhostDeviceProtocols;
  'max-queues': Int64;
  'backend-cap': Int64;
  'log-enabled': boolean;
  'log-size': Int64;
}

export interface VirtQueueStatus {
  name: string;
  'queue-index': number;
  inuse: number;
  'vring-num': number;
  'vring-num-default': number;
  'vring-align': number;
  'vring-desc': Int64;
  'vring-avail': Int64;
  'vring-used': Int64;
  'last-avail-idx'?: number | undefined;
  'shadow-avail-idx'?: number | undefined;
  'used-idx': number;
  'signalled-used': number;
  'signalled-used-valid': boolean;
}

export interface VirtVhostQueueStatus {
  name: string;
  kick: Int64;
  call: Int64;
  desc: Int64;
  avail: Int64;
  used: Int64;
  num: Int64;
  'desc-phys': Int64;
  'desc-size': number;
  'avail-phys': Int64;
  'avail-size': number;
  'used-phys': Int64;
  'used-size': number;
}

export interface VirtioDeviceFeatures {
  transports: readonly string[];
  'dev-features'?: readonly string[] | undefined;
  'unknown-dev-features'?: Int64 | undefined;
}

export interface VirtioDeviceStatus {
  statuses: readonly string[];
  'unknown-statuses'?: number | undefined;
}

export interface VirtioInfo {
  path: string;
  name: string;
}

export interface VirtioMEMDeviceInfo {
  id?: string | undefined;
  memaddr: Int64;
  'requested-size': Int64;
  size: Int64;
  'max-size': Int64;
  'block-size': Int64;
  node: Int64;
  memdev: string;
}

export interface VirtioMEMDeviceInfoWrapper {
  data: VirtioMEMDeviceInfo;
}

export interface VirtioPMEMDeviceInfo {
  id?: string | undefined;
  memaddr: Int64;
  size: Int64;
  memdev: string;
}

export interface VirtioPMEMDeviceInfoWrapper {
  data: VirtioPMEMDeviceInfo;
}

export interface VirtioQueueElement {
  name: string;
  index: number;
  descs: readonly VirtioRingDesc[];
  avail: VirtioRingAvail;
  used: VirtioRingUsed;
}

export interface VirtioRingAvail {
  flags: number;
  idx: number;
  ring: number;
}

export interface VirtioRingDesc {
  addr: Int64;
  len: number;
  flags: readonly string[];
}

export interface VirtioRingUsed {
  flags: number;
  idx: number;
}

export interface VirtioStatus {
  name: string;
  'device-id': number;
  'vhost-started': boolean;
  'device-endian': string;
  'guest-features': VirtioDeviceFeatures;
  'host-features': VirtioDeviceFeatures;
  'backend-features': VirtioDeviceFeatures;
  'num-vqs': Int64;
  status: VirtioDeviceStatus;
  isr: number;
  'queue-sel': number;
  'vm-running': boolean;
  broken: boolean;
  disabled: boolean;
  'use-started': boolean;
  started: boolean;
  'start-on-kick': boolean;
  'disable-legacy-check': boolean;
  'bus-name': string;
  'use-guest-notifier-mask': boolean;
  'vhost-dev'?: VhostStatus | undefined;
}

export interface VncBasicInfo {
  host: string;
  service: string;
  family: NetworkAddressFamily;
  websocket: boolean;
}

export interface VncClientInfo {
  host: string;
  service: string;
  family: NetworkAddressFamily;
  websocket: boolean;
  x509_dname?: string | undefined;
  sasl_username?: string | undefined;
}

export interface VncConnectedData {
  server: VncServerInfo;
  client: VncBasicInfo;
}

export interface VncDisconnectedData {
  server: VncServerInfo;
  client: VncClientInfo;
}

export interface VncInfo {
  enabled: boolean;
  host?: string | undefined;
  family?: NetworkAddressFamily | undefined;
  service?: string | undefined;
  auth?: string | undefined;
  clients?: readonly VncClientInfo[] | undefined;
}

export interface VncInfo2 {
  id: string;
  server: readonly VncServerInfo2[];
  clients: readonly VncClientInfo[];
  auth: VncPrimaryAuth;
  vencrypt?: VncVencryptSubAuth | undefined;
  display?: string | undefined;
}

export interface VncInitializedData {
  server: VncServerInfo;
  client: VncClientInfo;
}

export type VncPrimaryAuth =
  | 'none'
  | 'vnc'
  | 'ra2'
  | 'ra2ne'
  | 'tight'
  | 'ultra'
  | 'tls'
  | 'vencrypt'
  | 'sasl';

export interface VncServerInfo {
  host: string;
  service: string;
  family: NetworkAddressFamily;
  websocket: boolean;
  auth?: string | undefined;
}

export interface VncServerInfo2 {
  host: string;
  service: string;
  family: NetworkAddressFamily;
  websocket: boolean;
  auth: VncPrimaryAuth;
  vencrypt?: VncVencryptSubAuth | undefined;
}

export type VncVencryptSubAuth =
  | 'plain'
  | 'tls-none'
  | 'x509-none'
  | 'tls-vnc'
  | 'x509-vnc'
  | 'tls-plain'
  | 'x509-plain'
  | 'tls-sasl'
  | 'x509-sasl';

export interface VserportChangeData {
  id: string;
  open: boolean;
}

export interface VsockSocketAddress {
  cid: string;
  port: string;
}

export interface VsockSocketAddressWrapper {
  data: VsockSocketAddress;
}

export type WatchdogAction =
  | 'reset'
  | 'shutdown'
  | 'poweroff'
  | 'pause'
  | 'debug'
  | 'none'
  | 'inject-nmi';

export interface WatchdogData {
  action: WatchdogAction;
}

export interface WatchdogSetActionArguments {
  action: WatchdogAction;
}

export interface XBZRLECacheStats {
  'cache-size': Int64;
  bytes: Int64;
  pages: Int64;
  'cache-miss': Int64;
  'cache-miss-rate': number;
  'encoding-rate': number;
  overflow: Int64;
}

export interface XBlockdevAmendArguments {
  'job-id': string;
  'node-name': string;
  options: BlockdevAmendOptions;
  force?: boolean | undefined;
}

export interface XBlockdevChangeArguments {
  parent: string;
  child?: string | undefined;
  node?: string | undefined;
}

export interface XBlockdevSetIothreadArguments {
  'node-name': string;
  iothread: StrOrNull;
  force?: boolean | undefined;
}

export interface XDbgBlockGraph {
  nodes: readonly XDbgBlockGraphNode[];
  edges: readonly XDbgBlockGraphEdge[];
}

export interface XDbgBlockGraphEdge {
  parent: Int64;
  child: Int64;
  name: string;
  perm: readonly BlockPermission[];
  'shared-perm': readonly BlockPermission[];
}

export interface XDbgBlockGraphNode {
  id: Int64;
  type: XDbgBlockGraphNodeType;
  name: string;
}

export type XDbgBlockGraphNodeType = 'block-backend' | 'block-job' | 'block-driver';

export interface XQueryVirtioQueueElementArguments {
  path: string;
  queue: number;
  index?: number | undefined;
}

export interface XQueryVirtioQueueStatusArguments {
  path: string;
  queue: number;
}

export interface XQueryVirtioStatusArguments {
  path: string;
}

export interface XQueryVirtioVhostQueueStatusArguments {
  path: string;
  queue: number;
}

export interface XenLoadDevicesStateArguments {
  filename: string;
}

export interface XenSaveDevicesStateArguments {
  filename: string;
  live?: boolean | undefined;
}

export interface XenSetGlobalDirtyLogArguments {
  enable: boolean;
}

export interface XenSetReplicationArguments {
  enable: boolean;
  primary: boolean;
  failover?: boolean | undefined;
}

export interface YankArguments {
  instances: readonly YankInstance[];
}

export type YankInstance = YankInstance_block_node | YankInstance_chardev | YankInstance_migration;

export interface YankInstanceBlockNode {
  'node-name': string;
}

export interface YankInstanceChardev {
  id: string;
}

export type YankInstanceType = 'block-node' | 'chardev' | 'migration';

export interface YankInstance_block_node extends YankInstanceBlockNode {
  type: 'block-node';
}

export interface YankInstance_chardev extends YankInstanceChardev {
  type: 'chardev';
}

export interface YankInstance_migration {
  type: 'migration';
}
