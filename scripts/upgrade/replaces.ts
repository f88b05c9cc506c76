/** Inputs that AWS cannot change in what stands: another value is another resource. Of the types that must not be made anew in passing. */
export const REPLACES: Readonly<Record<string, readonly string[]>> = {
  'aws:ec2/vpc:Vpc': ['cidrBlock'],
  'aws:ec2/subnet:Subnet': ['cidrBlock', 'vpcId', 'availabilityZone', 'availabilityZoneId'],
  'aws:lb/loadBalancer:LoadBalancer': ['name', 'internal'],
  'aws:lb/targetGroup:TargetGroup': ['name', 'port', 'protocol', 'vpcId'],
  'aws:rds/instance:Instance': ['identifier', 'dbName', 'username', 'engine', 'storageEncrypted', 'dbSubnetGroupName'],
  'aws:secretsmanager/secretVersion:SecretVersion': ['secretString', 'secretId'],
  'aws:cloudwatch/logGroup:LogGroup': ['name'],
  'aws:ecr/repository:Repository': ['name'],
  'aws:ecs/cluster:Cluster': ['name'],
  'aws:ecs/service:Service': ['name', 'cluster', 'launchType'],
  'aws:sns/topicSubscription:TopicSubscription': ['endpoint', 'protocol', 'topic'],
  'random:index/randomPassword:RandomPassword': ['length', 'special', 'keepers'],
};
