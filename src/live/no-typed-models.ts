/**
 * Stands in for what the KubeConfig of @kubernetes/client-node imports to make typed clients, which nothing here makes:
 * its generated models (several hundred files) and undici.
 */

export const Agent = undefined;
export const ProxyAgent = undefined;
export const ServerConfiguration = undefined;
export const createConfiguration = undefined;
